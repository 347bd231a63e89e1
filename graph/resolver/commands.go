package resolver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/99designs/gqlgen/graphql"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// request is a mutation's input on its way to the recorder.
type request struct {
	mutation string
	input    any // By which a repetition is told from another input: ids plain, without the key.
	key      *string
	expected *int64
	command  domain.Command
}

// record has a command recorded. The faults of a refusal get the paths of the mutation's argument.
func (r *Resolver) record(ctx context.Context, q request) (recorder.Result, error) {
	if r.Recorder == nil {
		return recorder.Result{}, errors.New("nothing can be recorded here")
	}
	hash, err := inputHash(q.mutation, q.input)
	if err != nil {
		return recorder.Result{}, err
	}
	what := recorder.Request{
		Command: q.command, By: principal(ctx).Subject, IdempotencyKey: norm.NFC.String(value(q.key)), InputHash: hash,
		ExpectedRevision: q.expected,
	}
	if q.key != nil && *q.key == "" {
		return recorder.Result{}, ofInput(r.Recorder.Refused(ctx, what, domain.Refuse(domain.BadUserInput, "idempotencyKey",
			"The idempotencyKey is empty; give one of your own choice, or leave it out.")))
	}
	var result recorder.Result
	// Nearly all of the time it waits, for the disk and for the read model, and the more wait together the fewer syncs there are.
	httpgraphql.Aside(ctx, func() { result, err = r.Recorder.Record(ctx, what) })
	if err != nil {
		return result, ofInput(err)
	}
	op := operationOf(ctx)
	raise(&op.now, result.At)
	op.answeredAt(result.At)
	return result, nil
}

// recorded has a command recorded, and gives the payload as of what it left.
func recorded[P any](ctx context.Context, r *Resolver, q request, payload func(model.Moment, recorder.Result) *P) (*P, error) {
	result, err := r.record(ctx, q)
	if err != nil {
		return nil, err
	}
	return payload(r.recordedAt(result.At), result), nil
}

// recordedAt is the moment of a payload: as it was left by the command, also where the command is only repeated.
func (r *Resolver) recordedAt(at uint64) model.Moment {
	return model.Moment{View: r.Model.View(projections.Moment{At: at})}
}

// ofInput prefixes the paths of a refusal's faults.
func ofInput(err error) error {
	var refusal *domain.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	prefixed := *refusal
	prefixed.Faults = slices.Clone(refusal.Faults)
	for i, f := range prefixed.Faults {
		prefixed.Faults[i].Path = strings.TrimSuffix("input."+f.Path, ".")
	}
	return &prefixed
}

// inputHash is the SHA-256 of a mutation's name and its input as JSON: members by name, texts in NFC, what was not given left
// out. So the same input has the same hash, however it was written down.
func inputHash(mutation string, input any) (string, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return "", fmt.Errorf("write down the input of %s: %w", mutation, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var members any // Maps are written with their keys in order.
	if err := decoder.Decode(&members); err != nil {
		return "", fmt.Errorf("write down the input of %s: %w", mutation, err)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(members); err != nil {
		return "", fmt.Errorf("write down the input of %s: %w", mutation, err)
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s", mutation, norm.NFC.Bytes(bytes.TrimSuffix(b.Bytes(), []byte("\n"))))
	return hex.EncodeToString(h.Sum(nil)), nil
}

// The texts of inputs are normalised here, once: what is recorded is in Unicode's form NFC, so that equal texts are equal bytes.

func nfc(text string) string { return norm.NFC.String(text) }

func nfcOf(text *string) string { return norm.NFC.String(value(text)) }

func nfcAll(texts []string) []string {
	if texts == nil {
		return nil
	}
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = nfc(text)
	}
	return list
}

func source(in model.SourceInput) domain.Source {
	return domain.Source{
		Title: nfc(in.Title), URL: nfcOf(in.URL), Symbol: nfcOf(in.Symbol), Locator: nfcOf(in.Locator), Language: in.Language,
		Quote: nfcOf(in.Quote), Grade: in.Grade,
	}
}

func points(in []model.PointInput) []domain.Point {
	if in == nil {
		return nil
	}
	list := make([]domain.Point, len(in))
	for i, p := range in {
		list[i] = domain.Point{Kind: p.Kind, Text: nfc(p.Text)}
	}
	return list
}

// change reads a field of a correction: left out it changes nothing, null clears.
func change[T, U any](given graphql.Omittable[T], of func(T) U) domain.Change[U] {
	if v, ok := given.ValueOK(); ok {
		return domain.To(of(v))
	}
	return domain.Change[U]{}
}

// plain gives the plain form of an id, so that either form of it is the same input.
func plain(text string) string {
	if id, err := relay.ParseID(text); err == nil {
		return id.Plain().String()
	}
	return text
}

func plainOf(text *string) *string {
	if text == nil {
		return nil
	}
	id := plain(*text)
	return &id
}

// recordedAs finds where something that an id names was recorded: key and revision of its stream. It looks at the record and not
// at what is in force, since what may be done with what was retracted is the decider's to say.
// Where there is a fault, key and revision name nothing, so that the decider finds the reference wanting together with all else that
// is wrong; the fault then tells what was the matter (withFault).
func (r *Resolver) recordedAs(path, text string, kind relay.Kind, category string, types ...string) (id relay.ID, key string, revision int64, fault *domain.Fault) {
	id, err := relay.ParseID(text)
	if err != nil {
		return id, "", -1, &domain.Fault{Code: domain.BadUserInput, Path: path, Message: err.Error() + "; take one that was answered."}
	}
	if id.Kind != kind {
		return id, "", -1, &domain.Fault{Code: domain.BadUserInput, Path: path,
			Message: fmt.Sprintf("This id is of the type %s; one of the type %s is asked for here.", id.Kind, kind)}
	}
	if event, ok := r.Model.Newest().Event(id.At); ok && slices.Contains(types, event.Type) {
		return id, strings.TrimPrefix(event.Stream, category+"-"), event.Revision, nil
	}
	return id, "", -1, &domain.Fault{Code: domain.NotFound, Path: path, Message: fmt.Sprintf("There is no %s with this id.", kind)}
}

// position finds the position that an id names.
func (r *Resolver) position(text string) (at uint64, actor string, revision int64, fault *domain.Fault) {
	id, actor, revision, fault := r.recordedAs("position", text, relay.Position, domain.PositionCategory, "PositionStated")
	return id.At, actor, revision, fault
}

// act finds the act that an id names, or the vote in which it is a ballot.
func (r *Resolver) act(path, text string) (id relay.ID, slug string, revision int64, fault *domain.Fault) {
	id, slug, revision, fault = r.recordedAs(path, text, relay.Endorsement, domain.EndorsementCategory, "EndorsementGiven", "VoteRecorded")
	if fault == nil && model.FindEndorsement(model.Moment{View: r.Model.Newest()}, id.At, id.Key) == nil {
		return id, "", -1, &domain.Fault{Code: domain.NotFound, Path: path, Message: "There is no Endorsement with this id."}
	}
	return id, slug, revision, fault
}

// explained finds the act of an actor that an id names.
func (r *Resolver) explained(text *string, actor string) (*domain.ActRef, *domain.Fault) {
	if text == nil {
		return nil, nil
	}
	id, slug, revision, fault := r.act("explains", *text)
	if fault == nil && actor != "" && id.Key != "" && id.Key != actor {
		fault = &domain.Fault{Code: domain.BadUserInput, Path: "explains",
			Message: fmt.Sprintf("This is a ballot of %s; %s explains an act of its own.", id.Key, actor)}
	}
	if fault != nil {
		return &domain.ActRef{Proposal: "-", Revision: -1}, fault
	}
	return &domain.ActRef{Proposal: slug, Revision: revision}, nil
}

// withFaults puts faults in the place of those that the decider found under their paths.
func withFaults(err error, faults ...*domain.Fault) error {
	for _, fault := range faults {
		err = withFault(err, fault)
	}
	return err
}

func withFault(err error, fault *domain.Fault) error {
	if fault == nil {
		return err
	}
	told := *fault
	told.Path = "input." + told.Path
	var refusal *domain.Refusal
	switch {
	case err == nil: // unreachable: a command with such an argument is refused.
		return &domain.Refusal{Faults: []domain.Fault{told}}
	case !errors.As(err, &refusal):
		return err // What became of the command matters more.
	}
	merged := *refusal
	merged.Faults = append(slices.DeleteFunc(slices.Clone(refusal.Faults), func(f domain.Fault) bool { return f.Path == told.Path }), told)
	return &merged
}
