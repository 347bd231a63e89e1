package projections

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/projections/bitemporal"
)

// DigestInput gives the text over which the digest is taken, so that a test can show what changed in it.
func (v *View) DigestInput() ([]byte, error) {
	text, err := json.Marshal(v.content())
	if err != nil {
		return nil, err
	}
	return codec.Canonical(text)
}

// ForgetBoards empties the cache of figures.
func (m *Model) ForgetBoards() { m.boards.Purge() }

// ForgetLandscapes empties the cache of maps.
func (m *Model) ForgetLandscapes() { m.landscapes.Purge() }

// Differs names the fields of a model in which another one differs, however deep: all but locks and what is only kept computed. The
// runs of cells are no difference.
func (m *Model) Differs(from *Model) (fields []string) {
	m.plain()
	from.plain()
	a, b := reflect.ValueOf(m).Elem(), reflect.ValueOf(from).Elem()
	for i := range a.NumField() {
		name, f, g := a.Type().Field(i).Name, a.Field(i), b.Field(i)
		if slices.Contains(computed, "Model."+name) || f.Kind() == reflect.Slice && f.Len() == 0 && g.Len() == 0 {
			continue
		}
		if !reflect.DeepEqual(fieldOf(a, i), fieldOf(b, i)) {
			fields = append(fields, name)
		}
	}
	return fields
}

// computed are fields that are locks, signals, or that are computed from others when somebody asks.
var computed = []string{
	"Model.mu", "Model.applied", "Model.boards", "Model.timelines", "Model.landscapes", "Model.told", "Model.counts",
	"texts.filling", "texts.mu", "texts.filled", "texts.postings",
	"Order.Rank", // In cells it is packed with the rest of the order; outside of them stand submissions alone, whose rank is 0.
}

func fieldOf(v reflect.Value, i int) any {
	return reflect.NewAt(v.Field(i).Type(), v.Field(i).Addr().UnsafePointer()).Elem().Interface()
}

// plain gives all cells full runs, and forgets the words.
func (m *Model) plain() {
	m.texts.filled, m.texts.postings = 0, nil
	plainCell(&m.positions)
	plainCell(&m.endorsements)
	for _, a := range m.actors {
		plainCell(&a.positions)
		plainCell(&a.endorsements)
	}
	for _, t := range m.ordered {
		plainCell(&t.positions)
		if t.proposal != nil {
			plainCell(&t.proposal.acts)
		}
		for _, e := range t.evidence {
			plainCell(&e.declared)
			plainCell(&e.positions)
		}
	}
}

func plainCell[T any](c *bitemporal.Cell[T]) {
	*c = bitemporal.Of(slices.Collect(c.After(bitemporal.Before)))
}

// Set notes which fields of structs of the model, by type and name, are other than zero somewhere in it; all has every one that there is.
func (m *Model) Set(set, all map[string]bool) {
	seen := map[any]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() || seen[[2]any{v.Pointer(), v.Type()}] {
				return
			}
			seen[[2]any{v.Pointer(), v.Type()}] = true
			walk(v.Elem())
		case reflect.Slice, reflect.Array:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Map:
			for i := v.MapRange(); i.Next(); {
				walk(i.Key())
				walk(i.Value())
			}
		case reflect.Struct:
			typ := v.Type()
			if !strings.Contains(typ.PkgPath(), "rapporteur") || strings.Contains(typ.PkgPath(), "roster") {
				return
			}
			for i := range typ.NumField() {
				name, _, _ := strings.Cut(typ.Name(), "[")
				name = fmt.Sprintf("%s.%s", name, typ.Field(i).Name)
				if slices.Contains(computed, name) {
					continue
				}
				if all[name] = true; !v.Field(i).IsZero() {
					set[name] = true
				}
				walk(v.Field(i))
			}
		}
	}
	walk(reflect.ValueOf(m))
}

// Frames takes a snapshot apart into what its frames hold, but for the last.
func Frames(snapshot []byte) (payloads [][]byte) {
	in, err := openFrames(bytes.NewReader(snapshot))
	for err == nil {
		var f *frame
		if f, err = in.next(); err == nil {
			payloads = append(payloads, append(f.head[:1:1], f.payload...))
		}
	}
	return payloads
}

// Framed puts them together again.
func Framed(payloads [][]byte) []byte {
	var b bytes.Buffer
	out := newFrames(&b)
	for _, p := range payloads {
		if len(p) > 0 {
			out.write(p[0], p[1:])
		}
	}
	_ = out.end() // A buffer takes everything.
	return b.Bytes()
}
