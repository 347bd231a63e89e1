package codec

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// plan says how values of a Go type are written as JSON and read. It is made once, from the type and its json tags.
type plan struct {
	typ    reflect.Type
	shape  shape
	fields []field // Of an object, in canonical order.
	elem   *plan   // Of a list, a pointer, a change.
}

type shape uint8

const (
	asObject  shape = 1 + iota // A struct.
	asWord                     // A type that is its own text: an enumeration, a day.
	asText                     // A string.
	asFlag                     // A bool.
	asInteger                  // An integer.
	asList                     // A slice.
	asCounts                   // A map[string]int.
	asPointer                  // A pointer to what may be missing.
	asChange                   // A domain.Change: a value, or null for a field that is cleared.
)

// field is a member of an object.
type field struct {
	name  string
	index int // In the struct.
	plan  *plan
	// optional says that the member is left out where the field has its zero value, or nothing in it.
	optional bool
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	countsType    = reflect.TypeFor[map[string]int]()
)

// planOf makes the plan of a type. It panics where a type of package domain is none that this package can write: that is
// found by the first test, since the table of types is made when the program starts.
func planOf(t reflect.Type) *plan {
	p := &plan{typ: t}
	switch kind := t.Kind(); {
	case kind == reflect.Struct && strings.HasPrefix(t.Name(), "Change[") && t.PkgPath() == reflect.TypeFor[domain.Stance]().PkgPath():
		p.shape, p.elem = asChange, planOf(t.Field(changeValue).Type)
	case kind == reflect.Struct:
		p.shape = asObject
		for i := range t.NumField() {
			f := t.Field(i)
			name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || !f.IsExported() {
				panic(fmt.Sprintf("codec: %s.%s has no name in JSON", t, f.Name))
			}
			p.fields = append(p.fields, field{name: name, index: i, plan: planOf(f.Type), optional: option != ""})
		}
		slices.SortFunc(p.fields, func(a, b field) int { return compareNames(a.name, b.name) })
		if len(p.fields) > 64 {
			panic(fmt.Sprintf("codec: %s has more fields than decode can tick off", t))
		}
	case t.Implements(textMarshaler):
		p.shape = asWord
	case kind == reflect.String:
		p.shape = asText
	case kind == reflect.Bool:
		p.shape = asFlag
	case kind == reflect.Int || kind == reflect.Int64:
		p.shape = asInteger
	case kind == reflect.Slice:
		p.shape, p.elem = asList, planOf(t.Elem())
	case t == countsType:
		p.shape = asCounts
	case kind == reflect.Pointer:
		p.shape, p.elem = asPointer, planOf(t.Elem())
	default:
		panic(fmt.Sprintf("codec: no plan for %s", t))
	}
	return p
}

// The fields of a domain.Change.
const (
	changeGiven = 0
	changeValue = 1
)

// empty says whether a value of the plan says nothing: the zero value, a list or map without anything in it.
func (p *plan) empty(v reflect.Value) bool {
	switch p.shape {
	case asList, asCounts:
		return v.Len() == 0
	}
	return v.IsZero()
}

// encode appends the canonical JSON of a value.
func (p *plan) encode(b []byte, v reflect.Value) ([]byte, error) {
	var err error
	switch p.shape {
	case asObject:
		b = append(b, '{')
		first := true
		for i := range p.fields {
			f := &p.fields[i]
			value := v.Field(f.index)
			if f.optional && f.plan.empty(value) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(leaf.AppendString(b, f.name), ':')
			if b, err = f.plan.encode(b, value); err != nil {
				return nil, within(f.name, err)
			}
		}
		return append(b, '}'), nil
	case asWord:
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return nil, err
		}
		return leaf.AppendString(b, string(text)), nil
	case asText:
		return appendText(b, v.String())
	case asFlag:
		return strconv.AppendBool(b, v.Bool()), nil
	case asInteger:
		return appendInteger(b, v.Int())
	case asList:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = p.elem.encode(b, v.Index(i)); err != nil {
				return nil, within(strconv.Itoa(i), err)
			}
		}
		return append(b, ']'), nil
	case asCounts:
		m := v.Interface().(map[string]int)
		names := make([]string, 0, len(m))
		for name := range m {
			names = append(names, name)
		}
		slices.SortFunc(names, compareNames)
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendText(b, name); err != nil {
				return nil, err
			}
			b = append(b, ':')
			if b, err = appendInteger(b, int64(m[name])); err != nil {
				return nil, within(name, err)
			}
		}
		return append(b, '}'), nil
	case asPointer:
		if v.IsNil() {
			return nil, errors.New("nil")
		}
		return p.elem.encode(b, v.Elem())
	case asChange:
		// A cleared field is null, so that it is told from one that is not named.
		if value := v.Field(changeValue); !p.elem.empty(value) {
			return p.elem.encode(b, value)
		}
		return append(b, "null"...), nil
	}
	panic("unreachable: planOf knows no other shape")
}

func appendText(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("%q is not UTF-8", s)
	}
	return leaf.AppendString(b, s), nil
}

func appendInteger(b []byte, v int64) ([]byte, error) {
	if v < -maxInteger || v > maxInteger {
		return nil, fmt.Errorf("%d is beyond ±2^53, where readers of JSON may round", v)
	}
	return strconv.AppendInt(b, v, 10), nil
}

// decode reads the next value into v, which is zero.
func (p *plan) decode(s *scanner, v reflect.Value) error {
	switch p.shape {
	case asObject:
		return p.decodeObject(s, v)
	case asWord:
		text, err := s.text()
		if err != nil {
			return err
		}
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
	case asText:
		text, err := s.text()
		if err != nil {
			return err
		}
		v.SetString(string(text))
		return nil
	case asFlag:
		if s.peek() == 't' {
			v.SetBool(true)
			return s.literal("true")
		}
		return s.literal("false")
	case asInteger:
		i, err := s.integer()
		if err != nil {
			return err
		}
		v.SetInt(i)
		return nil
	case asList:
		if err := s.enter('['); err != nil {
			return err
		}
		for n := 0; ; n++ {
			more, err := s.more(n == 0, ']')
			if err != nil || !more {
				return err
			}
			if n == v.Cap() {
				v.Grow(max(1, n)) // Exactly one first: most lists have one item.
			}
			v.SetLen(n + 1)
			if err := p.elem.decode(s, v.Index(n)); err != nil {
				return within(strconv.Itoa(n), err)
			}
		}
	case asCounts:
		m := map[string]int{}
		if err := s.enter('{'); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := s.more(first, '}')
			if err != nil {
				return err
			}
			if !more {
				if len(m) > 0 {
					v.Set(reflect.ValueOf(m))
				}
				return nil
			}
			text, err := s.text()
			if err != nil {
				return err
			}
			name := string(text)
			if _, twice := m[name]; twice {
				return s.errorf("the name %q stands twice in one object", name)
			}
			if err := s.take(':'); err != nil {
				return err
			}
			i, err := s.integer()
			if err != nil {
				return within(name, err)
			}
			m[name] = int(i)
		}
	case asPointer:
		v.Set(reflect.New(p.elem.typ))
		return p.elem.decode(s, v.Elem())
	case asChange:
		v.Field(changeGiven).SetBool(true)
		if s.peek() == 'n' {
			return s.literal("null")
		}
		return p.elem.decode(s, v.Field(changeValue))
	}
	panic("unreachable: planOf knows no other shape")
}

func (p *plan) decodeObject(s *scanner, v reflect.Value) error {
	if err := s.enter('{'); err != nil {
		return err
	}
	var seen uint64 // One bit a field.
	guess := 0      // Members come in canonical order, so the next field is most often the one that is meant.
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		at := -1
		for n := range p.fields {
			i := guess + n
			if i >= len(p.fields) {
				i -= len(p.fields)
			}
			if p.fields[i].name == string(name) {
				at = i
				break
			}
		}
		if at < 0 {
			return s.errorf("unknown member %q", name)
		}
		if seen&(1<<at) != 0 {
			return s.errorf("the name %q stands twice in one object", name)
		}
		seen |= 1 << at
		guess = at + 1
		if err := s.take(':'); err != nil {
			return err
		}
		s.peek()
		f := &p.fields[at]
		if err := f.plan.decode(s, v.Field(f.index)); err != nil {
			return within(f.name, err)
		}
	}
	for i := range p.fields {
		if f := &p.fields[i]; !f.optional && seen&(1<<i) == 0 {
			return s.errorf("the member %q is missing", f.name)
		}
	}
	return nil
}

// integer takes an integer within ±2^53.
func (s *scanner) integer() (int64, error) {
	s.peek()
	number, integer, err := s.number()
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(string(number), 10, 64)
	if !integer || err != nil || v < -maxInteger || v > maxInteger {
		return 0, s.errorf("%s is no integer within ±2^53", number)
	}
	return v, nil
}

// pathError names the member in which an error is.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// within puts a member's name before an error's path.
func within(name string, err error) error {
	if e, ok := err.(*pathError); ok {
		return &pathError{path: name + "." + e.path, err: e.err}
	}
	return &pathError{path: name, err: err}
}
