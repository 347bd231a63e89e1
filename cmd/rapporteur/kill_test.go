package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// attempt is one mutation that a writer sent.
type attempt struct {
	key    string
	query  string
	input  map[string]any
	stream string // In which it is recorded.
	typ    string // The event that it is recorded as.
	token  string // What stands in that event's data, and in no other.

	// What was answered; answer is nil as long as nothing was.
	answer   string
	at       uint64
	revision int
}

const (
	positionPayload = "{ at revision position { id stance summary statedOn recordedAt corrections { field after at recordedAt } } }"
	recordPosition  = "mutation($input: RecordPositionInput!) { done: recordPosition(input: $input) " + positionPayload + " }"
	correctPosition = "mutation($input: CorrectPositionInput!) { done: correctPosition(input: $input) " + positionPayload + " }"
	recordAct       = "mutation($input: RecordEndorsementInput!) { done: recordEndorsement(input: $input) { at revision endorsement { id kind documentSymbol recordedAt } } }"
)

// send sends a mutation and takes down what is answered. The error is of the connection, or an *answered.
func (a *attempt) send(address string) (id string, err error) {
	var answer struct{ Done json.RawMessage }
	if err := ask(address, a.query, map[string]any{"input": a.input}, &answer); err != nil {
		return "", err
	}
	var done struct {
		At                    string
		Revision              int
		Position, Endorsement struct{ ID string }
	}
	if err := json.Unmarshal(answer.Done, &done); err != nil {
		return "", err
	}
	at, err := strconv.ParseUint(done.At, 10, 64)
	if err != nil {
		return "", err
	}
	if a.answer != "" && a.answer != string(answer.Done) {
		return "", &answered{200, fmt.Sprintf("the key %s is answered\n%s\nand was answered\n%s", a.key, answer.Done, a.answer)}
	}
	a.answer, a.at, a.revision = string(answer.Done), at, done.Revision
	return done.Position.ID + done.Endorsement.ID, nil
}

// writer sends one mutation after the other.
type writer struct {
	number   int
	random   *rand.Rand
	sent     int
	position string // Id of a position of its own that was acknowledged, and that position's actor.
	actor    string
	attempts []*attempt // Of this round.
	cut      error      // What the connection said in the end.
}

// next makes up a mutation. Writers share streams, so that they race for revisions.
func (w *writer) next() *attempt {
	w.sent++
	a := &attempt{key: fmt.Sprintf("writer %d, %d", w.number, w.sent)}
	a.token = fmt.Sprintf("Made-up text %d/%d.", w.number, w.sent)
	source := map[string]any{"title": "Example source, not a real one"}
	switch kind := w.random.IntN(4); {
	case kind == 0 && w.position != "":
		a.query, a.stream, a.typ = correctPosition, "position-"+w.actor, "PositionCorrected"
		a.input = map[string]any{"position": w.position, "reason": "Misread.", "summary": a.token}
	case kind == 1:
		proposal := []string{"programme-of-action", "permanent-oewg"}[w.random.IntN(2)]
		a.query, a.stream, a.typ = recordAct, "endorsement-"+proposal, "EndorsementGiven"
		a.token = fmt.Sprintf("TEST/%d/%d", w.number, w.sent)
		a.input = map[string]any{"actor": "URY", "proposal": proposal, "documentSymbol": a.token, "kind": "COSPONSOR", "on": "2024-02-20", "source": source}
	default:
		actor := []string{"URY", "CHL", "NAM"}[w.random.IntN(3)]
		a.query, a.stream, a.typ = recordPosition, "position-"+actor, "PositionStated"
		a.input = map[string]any{
			"actor": actor, "target": map[string]any{"proposal": "programme-of-action"}, "stance": "SUPPORT", "statedOn": "2024-05-01",
			"summary": a.token, "source": source,
		}
	}
	a.input["idempotencyKey"] = a.key
	return a
}

// write sends mutations until the program is gone. Of some that were acknowledged it looks at once whether they can be read.
func (w *writer) write(address string, acknowledged *atomic.Int64) error {
	for {
		a := w.next()
		w.attempts = append(w.attempts, a)
		id, err := a.send(address)
		if err == nil {
			acknowledged.Add(1)
			if a.query == recordPosition {
				w.position, w.actor = id, strings.TrimPrefix(a.stream, "position-")
			}
			if w.sent%4 == 0 {
				err = readBack(address, id, a.at)
			}
		}
		if wrong := (*answered)(nil); errors.As(err, &wrong) {
			return fmt.Errorf("%s: %w", a.key, err)
		}
		if err != nil {
			w.cut = err // What became of it is not known.
			return nil
		}
	}
}

func readBack(address, id string, at uint64) error {
	var read struct {
		At   string
		Node *struct{ ID string }
	}
	if err := ask(address, "query($id: ID!) { at node(id: $id) { id } }", map[string]any{"id": id}, &read); err != nil {
		return err
	}
	if n, _ := strconv.ParseUint(read.At, 10, 64); n < at || read.Node == nil {
		return &answered{200, fmt.Sprintf("what was acknowledged at %d cannot be read at %s", at, read.At)}
	}
	return nil
}

// ledger is what a test knows of a record.
type ledger struct {
	leaves []string              // Leaf hashes, in the order of positions.
	events map[uint64]eventOfKey // Events that have a key, by position.
	keys   map[string]uint64     // Their positions, by key.
	next   map[string]int        // Revision of the next event, by stream.
}

type eventOfKey struct {
	stream, typ, key string
	revision         int
	data             string
}

func newLedger() *ledger {
	return &ledger{events: map[uint64]eventOfKey{}, keys: map[string]uint64{}, next: map[string]int{}}
}

// readOn reads what was recorded since, and checks that positions and revisions have no gap, that each leaf has its hash, and
// that no key was recorded twice.
func (l *ledger) readOn(address string) error {
	for {
		var page struct {
			Events struct {
				Nodes []struct {
					At, Stream, Type, Data, Leaf, LeafHash string
					Revision                               int
				}
				PageInfo struct{ HasNextPage bool }
			}
		}
		if err := ask(address, "query($after: String) { events(first: 200, after: $after) { nodes { at stream revision type data leaf leafHash } pageInfo { hasNextPage } } }",
			map[string]any{"after": strconv.Itoa(len(l.leaves))}, &page); err != nil {
			return err
		}
		for _, e := range page.Events.Nodes {
			at := uint64(len(l.leaves)) + 1
			if e.At != strconv.FormatUint(at, 10) {
				return fmt.Errorf("position %s follows %d", e.At, at-1)
			}
			if e.Revision != l.next[e.Stream] {
				return fmt.Errorf("position %d: revision %d of %s where %d should be", at, e.Revision, e.Stream, l.next[e.Stream])
			}
			if hash := sha256.Sum256([]byte("\x00" + e.Leaf)); hex.EncodeToString(hash[:]) != e.LeafHash {
				return fmt.Errorf("position %d: the leaf %s has not the hash %s", at, e.Leaf, e.LeafHash)
			}
			var leaf struct {
				Stream, Type string
				Revision     int
				Metadata     struct{ IdempotencyKey string }
			}
			if err := json.Unmarshal([]byte(e.Leaf), &leaf); err != nil {
				return err
			}
			if leaf.Stream != e.Stream || leaf.Type != e.Type || leaf.Revision != e.Revision || !strings.Contains(e.Leaf, e.Data) {
				return fmt.Errorf("position %d: the leaf is another event: %s", at, e.Leaf)
			}
			l.leaves = append(l.leaves, e.LeafHash)
			l.next[e.Stream]++
			if key := leaf.Metadata.IdempotencyKey; strings.HasPrefix(key, "writer ") {
				if before, ok := l.keys[key]; ok {
					return fmt.Errorf("the key %s was recorded at %d and at %d", key, before, at)
				}
				l.keys[key] = at
				l.events[at] = eventOfKey{e.Stream, e.Type, key, e.Revision, e.Data}
			}
		}
		if !page.Events.PageInfo.HasNextPage {
			return nil
		}
	}
}

// served reads the hashes of all leaves.
func served(address string) ([]string, error) {
	var leaves []string
	for {
		var page struct {
			Events struct {
				Nodes    []struct{ LeafHash string }
				PageInfo struct{ HasNextPage bool }
			}
		}
		if err := ask(address, "query($after: String) { events(first: 500, after: $after) { nodes { leafHash } pageInfo { hasNextPage } } }",
			map[string]any{"after": strconv.Itoa(len(leaves))}, &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events.Nodes {
			leaves = append(leaves, e.LeafHash)
		}
		if !page.Events.PageInfo.HasNextPage {
			return leaves, nil
		}
	}
}

// same compares the whole record that is served with what was read of it, in many rounds.
func (l *ledger) same(address string) error {
	leaves, err := served(address)
	if err != nil {
		return err
	}
	if len(leaves) != len(l.leaves) {
		return fmt.Errorf("%d events are served, %d were read", len(leaves), len(l.leaves))
	}
	for i, hash := range l.leaves {
		if leaves[i] != hash {
			return fmt.Errorf("position %d has the leaf %s now, and had %s", i+1, leaves[i], hash)
		}
	}
	return nil
}

// holds checks that a mutation stands in the record where it was acknowledged, as what it was.
func (l *ledger) holds(a *attempt) error {
	e, ok := l.events[a.at]
	if !ok || e.key != a.key || e.stream != a.stream || e.typ != a.typ || e.revision != a.revision || !strings.Contains(e.data, a.token) {
		return fmt.Errorf("%s: acknowledged at %d as %s, revision %d of %s; there stands %+v", a.key, a.at, a.typ, a.revision, a.stream, e)
	}
	return nil
}

// afterKill judges a record after a kill: all that was acknowledged is there; and every key of the round before, sent again,
// is answered as it was, or is recorded now, once.
func (l *ledger) afterKill(address string, attempts []*attempt) (recorded, lost int, err error) {
	if err := l.readOn(address); err != nil {
		return 0, 0, err
	}
	before := uint64(len(l.leaves))
	for _, a := range attempts {
		if a.answer != "" {
			if err := l.holds(a); err != nil {
				return 0, 0, err
			}
		} else if _, ok := l.keys[a.key]; ok {
			recorded++
		} else {
			lost++
		}
	}
	var (
		wait   sync.WaitGroup
		errs   = make([]error, len(attempts))
		places = make(chan struct{}, 8)
	)
	for i, a := range attempts {
		places <- struct{}{}
		wait.Go(func() {
			_, errs[i] = a.send(address) // It compares with what was answered before.
			<-places
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, 0, err
	}
	if err := l.readOn(address); err != nil {
		return 0, 0, err
	}
	for _, a := range attempts {
		if err := l.holds(a); err != nil {
			return 0, 0, err
		}
	}
	if now := uint64(len(l.leaves)); now != before+uint64(lost) {
		return 0, 0, fmt.Errorf("repeating %d keys, of which %d had not been recorded, recorded %d events", len(attempts), lost, now-before)
	}
	return recorded, lost, nil
}

// A kill of the program, at any moment, takes away nothing that it acknowledged, and changes nothing that was there.
func TestKill(t *testing.T) {
	rounds := 30
	switch {
	case long:
		rounds = 1000
	case testing.Short():
		rounds = 5
	}
	seed := uint64(time.Now().UnixNano())
	if s, err := strconv.ParseUint(os.Getenv("RAPPORTEUR_TEST_SEED"), 10, 64); err == nil {
		seed = s
	}
	random := rand.New(rand.NewPCG(seed, 0))
	dir := filepath.Join(t.TempDir(), "store")
	newDemoStore(t, dir)
	l := newLedger()
	var writers [8]*writer
	for i := range writers {
		writers[i] = &writer{number: i, random: rand.New(rand.NewPCG(seed, uint64(i)+1))}
	}
	var attempts []*attempt
	total, unknown, recorded := 0, 0, 0
	begun := time.Now()
	for round := range rounds + 1 {
		if random.IntN(8) == 0 { // Also while it starts.
			p, err := begin("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
			p.stop(syscall.SIGKILL)
		}
		p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		there, lost, err := l.afterKill(p.address, attempts)
		if err == nil && (round%10 == 0 || round == rounds) {
			err = l.same(p.address)
		}
		if err != nil {
			p.stop(syscall.SIGKILL)
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		total, unknown, recorded = total+len(attempts), unknown+there+lost, recorded+there
		if round == rounds {
			if status := p.stop(syscall.SIGINT); status != statusDone {
				t.Errorf("told to end, it ended with status %d: %s", status, p.err)
			}
			break
		}

		var (
			wait         sync.WaitGroup
			acknowledged atomic.Int64
			errs         [len(writers)]error
		)
		for i, w := range writers {
			w.attempts = nil
			wait.Go(func() { errs[i] = w.write(p.address, &acknowledged) })
		}
		// The kill comes after some were acknowledged, or none, and then a moment: between two writes, or in one.
		for enough := random.Int64N(40); acknowledged.Load() < enough; {
			time.Sleep(100 * time.Microsecond)
			select {
			case <-p.ended:
				t.Fatalf("seed %d, round %d: it ended by itself, with %v: %s", seed, round, p.cmd.ProcessState, p.err)
			default:
			}
		}
		time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
		p.stop(syscall.SIGKILL)
		wait.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		attempts = nil
		for _, w := range writers {
			attempts = append(attempts, w.attempts...)
		}
	}
	report, status, stderr := replayed(dir)
	if status != statusDone || report.At != uint64(len(l.leaves)) {
		t.Errorf("replay: status %d, %d events of %d: %s", status, report.At, len(l.leaves), stderr)
	}
	t.Logf("seed %d: %d kills in %v; %d mutations, %d of unknown outcome, of which %d had been recorded; %d events",
		seed, rounds, time.Since(begun).Round(time.Second), total, unknown, recorded, len(l.leaves))
}

// killed starts the program on a new store and kills it once the store's write-ahead log has some random length, or some time later:
// while the store is made, before its first event, between two, or near the end.
func killed(t *testing.T, dir string, args ...string) {
	t.Helper()
	p, err := begin("", nil, append(args, "--store", "file:"+dir)...)
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(syscall.SIGKILL)
	length := rand.Int64N(700 << 10)
	if rand.IntN(3) == 0 {
		length = 0
	}
	for {
		if info, err := os.Stat(filepath.Join(dir, "record.db-wal")); err == nil && info.Size() >= length {
			time.Sleep(rand.N(2 * time.Millisecond))
			return
		}
		select {
		case <-p.ended:
			return
		case <-p.out.written: // It serves, or is done.
			return
		case <-time.After(100 * time.Microsecond):
		}
	}
}

// An import that was killed at any moment, in the making of the store too, is completed by the next: nothing is lost or there twice.
func TestKilledImportIsCompleted(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	var left []uint64
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), "store")
		killed(t, dir, "import", "dataset", demoFolder(t))
		if report, status, _ := replayed(dir); status == statusDone {
			left = append(left, report.At)
		}
		newDemoStore(t, dir)
		// Also of one that was killed after its last row.
		report, status, stderr := replayed(dir)
		if status != statusDone || report.At != 828 {
			t.Fatalf("round %d: status %d, %d events, want 828: %s", round, status, report.At, stderr)
		}
		status, stdout, stderr := complete("", nil, "import", "dataset", demoFolder(t), "--store", "file:"+dir)
		if status != statusDone || !strings.Contains(stdout, "recorded 0 events") || !strings.Contains(stdout, "798 rows") {
			t.Fatalf("round %d: again: status %d: %s%s", round, status, stdout, stderr)
		}
	}
	t.Logf("the kills left %d events", left)
}

// A new store that was killed before it had all its reference data gets what it lacks with the next start.
func TestKilledNewStoreHasItsReferenceData(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), "store")
		killed(t, dir, "serve", "--listen", "127.0.0.1:0")
		p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if out := p.out.String(); !strings.Contains(out, ", 489 events\n") {
			t.Errorf("round %d: %s", round, out)
		}
		if status := p.stop(syscall.SIGTERM); status != statusDone {
			t.Errorf("round %d: status %d: %s", round, status, p.err)
		}
	}
}
