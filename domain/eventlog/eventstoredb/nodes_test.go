package eventstoredb_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/domain/codec"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/router"
)

// node is a rapporteur over a cluster: all of it but the command line.
type node struct {
	t        testing.TB
	log      *eventstoredb.Log
	model    *projections.Model
	recorder *recorder.Recorder
	stop     func()
}

func newNode(t testing.TB, config eventstoredb.Config) *node {
	t.Helper()
	log, err := eventstoredb.Open(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, log: log, model: projections.New()}
	n.recorder = recorder.New(log, graph.NewReader(n.model), recorder.Config{Patience: patience})
	ctx, cancel := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() {
		for {
			err := router.Follow(ctx, router.FollowConfig{Log: log}, router.Model(n.model))
			if errors.Is(err, eventlog.ErrUnavailable) {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			if err != nil {
				t.Errorf("the model stopped following: %v", err)
			}
			return
		}
	})
	n.stop = sync.OnceFunc(func() {
		cancel()
		following.Wait()
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(n.stop)
	return n
}

// command is a request to record, with its key.
func command(c domain.Command, key string, expected *int64) recorder.Request {
	sum := sha256.Sum256([]byte(key))
	return recorder.Request{Command: c, By: "test", IdempotencyKey: key, InputHash: hex.EncodeToString(sum[:]), ExpectedRevision: expected}
}

func hasty(c *esdbtest.Cluster, settings string) eventstoredb.Config {
	return eventstoredb.Hasty(eventstoredb.Config{ConnectionString: c.ConnectionString() + settings})
}

func mustRecord(t testing.TB, n *node, q recorder.Request) recorder.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := n.recorder.Record(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func option(element, key string) domain.Command {
	return domain.DefineOption{Element: element, Key: key, Label: "Option " + key}
}

// The same key comes to three nodes at once, many times: it is recorded once, and all get the same answer.
func TestAKeyIsUsedOnceWhicheverNodesItComesTo(t *testing.T) {
	c := esdbtest.New(t, 3)
	c.SetNoise(true)
	nodes := []*node{newNode(t, hasty(c, "")), newNode(t, hasty(c, "&nodePreference=follower")), newNode(t, hasty(c, ""))}
	mustRecord(t, nodes[0], command(domain.DefineElement{Key: "track", Label: "Track"}, "element", nil))
	const keys = 30
	for k := range keys {
		var group sync.WaitGroup
		var results [12]recorder.Result
		for i := range results {
			group.Go(func() {
				results[i] = mustRecord(t, nodes[i%3], command(option("track", fmt.Sprint("o-", k)), fmt.Sprint("key-", k), nil))
			})
		}
		group.Wait()
		for _, r := range results {
			if r.First != results[0].First || r.Last != results[0].Last || r.At != results[0].At {
				t.Fatalf("key %d: answered %+v and %+v", k, results[0], r)
			}
		}
		if want := uint64(k + 2); results[0].At != want {
			t.Fatalf("key %d: position %d, want %d", k, results[0].At, want)
		}
	}
	if got := len(c.Streams("rapporteur.")["element-track"]); got != keys+1 {
		t.Errorf("%d events, want %d", got, keys+1)
	}
	// The same key with another input is refused on each node.
	for i, n := range nodes {
		q := command(option("track", "another"), "key-0", nil)
		q.InputHash = strings.Repeat("0", 64)
		var refusal *domain.Refusal
		if _, err := n.recorder.Record(t.Context(), q); !errors.As(err, &refusal) {
			t.Errorf("node %d: error %v, want a refusal", i, err)
		}
	}
}

// Of all who expect one revision, on whichever node, one records and the others are told the revision that is.
func TestOneOfManyNodesWinsARevision(t *testing.T) {
	c := esdbtest.New(t, 3)
	nodes := []*node{newNode(t, hasty(c, "")), newNode(t, hasty(c, "&nodePreference=follower"))}
	mustRecord(t, nodes[0], command(domain.DefineElement{Key: "track", Label: "Track"}, "element", nil))
	for round := range int64(20) {
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for i := range 6 {
			group.Go(func() {
				_, err := nodes[i%2].recorder.Record(t.Context(), command(option("track", fmt.Sprintf("o-%d-%d", round, i)), fmt.Sprintf("k-%d-%d", round, i), &round))
				mu.Lock()
				defer mu.Unlock()
				var refusal *domain.Refusal
				switch {
				case err == nil:
					won++
				case !errors.As(err, &refusal) || refusal.Actual == nil || *refusal.Actual != round+1:
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		group.Wait()
		if won != 1 {
			t.Fatalf("round %d: %d won", round, won)
		}
	}
}

// ask sends a GraphQL operation to a node and gives the answer's text.
func (n *node) ask(handler http.Handler, query string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		n.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w.Body.String()
}

// Who was answered by a node reads there what was written; whoever asks another node for that position waits until it is there, and is
// refused where it is nowhere.
func TestAPositionIsReadWhereItWasAnsweredAndWaitedForElsewhere(t *testing.T) {
	c := esdbtest.New(t, 3)
	var nodes []*node
	var handlers []http.Handler
	for range 2 {
		n := newNode(t, hasty(c, "&nodePreference=follower"))
		nodes = append(nodes, n)
		handlers = append(handlers, graph.NewHandler(graph.Config{Model: n.model, Log: n.log, Recorder: n.recorder, Logger: slog.New(slog.DiscardHandler)}))
	}
	mustRecord(t, nodes[0], command(domain.DefineElement{Key: "track", Label: "Track"}, "element", nil))
	read := `query($at: LogPosition) { elements(asOf: {log: $at}) { options { key } } }`
	for i := range 20 {
		key := fmt.Sprint("o-", i)
		result := mustRecord(t, nodes[i%2], command(option("track", key), key, nil))
		at := map[string]any{"at": strconv.FormatUint(result.At, 10)}
		for who, n := range map[string]int{"the node that answered": i % 2, "the other node": (i + 1) % 2} {
			if got := nodes[n].ask(handlers[n], read, at); !strings.Contains(got, `"`+key+`"`) || !strings.Contains(got, fmt.Sprintf(`"at":"%d"`, result.At)) {
				t.Fatalf("%s, position %d: %s", who, result.At, got)
			}
		}
	}
	got := nodes[0].ask(handlers[0], read, map[string]any{"at": "9999"})
	if !strings.Contains(got, "BAD_USER_INPUT") || !strings.Contains(got, "beyond the newest") {
		t.Errorf("a position that is nowhere: %s", got)
	}
}

// TestNodesUnderFaults has some nodes over one cluster while everything goes wrong that can: servers die, hang, lag, fall
// silent, lose and move the leader; calls are refused, cut and stalled, before and after their effect; nodes are ended and started.
// In the end every command has its answer, stands in the record once if it was acknowledged and not at all if it was refused, and
// all nodes have the same digest. RAPPORTEUR_LONG has 1,000 such runs, RAPPORTEUR_SEED one of them.
func TestNodesUnderFaults(t *testing.T) {
	runs := uint64(50)
	if os.Getenv("RAPPORTEUR_LONG") != "" {
		runs = 1_000
	}
	if testing.Short() {
		runs = 5
	}
	seeds := make([]uint64, runs)
	for i := range seeds {
		seeds[i] = uint64(i)
	}
	if text := os.Getenv("RAPPORTEUR_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("Seed", seed), func(t *testing.T) {
			t.Parallel()
			runUnderFaults(t, seed)
		})
	}
}

// verdicts are what became of the commands, by key.
type verdicts struct {
	mu      sync.Mutex
	done    map[string]recorder.Result
	refused map[string]bool
	open    int // Answers that left the outcome open: UNAVAILABLE, or unknown.
}

func runUnderFaults(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	c := esdbtest.New(t, 3)
	c.SetNoise(random.IntN(2) == 0)
	settings := []string{"", "&nodePreference=follower", "&nodePreference=random"}
	nodes := make([]*node, 2+random.IntN(2))
	for i := range nodes {
		nodes[i] = newNode(t, hasty(c, settings[random.IntN(3)]))
	}
	elements := []string{"one", "two"}
	for _, e := range elements {
		mustRecord(t, nodes[0], command(domain.DefineElement{Key: e, Label: e}, "element-"+e, nil))
	}
	var nodesMu sync.RWMutex
	some := func(i int) *node {
		nodesMu.RLock()
		defer nodesMu.RUnlock()
		return nodes[i%len(nodes)]
	}

	// Each client sends a command again, with its key, to whichever node, until it is done or refused.
	v := verdicts{done: map[string]recorder.Result{}, refused: map[string]bool{}}
	finish := func(random *rand.Rand, q recorder.Request) {
		begin := time.Now()
		for {
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(50+random.IntN(2_000))*time.Millisecond)
			result, err := some(random.IntN(8)).recorder.Record(ctx, q)
			cancel()
			var refusal *domain.Refusal
			v.mu.Lock()
			switch {
			case err == nil:
				if before, ok := v.done[q.IdempotencyKey]; ok && (before.First != result.First || before.At != result.At) {
					t.Errorf("key %s: answered %+v and %+v", q.IdempotencyKey, before, result)
				}
				v.done[q.IdempotencyKey] = result
			case errors.As(err, &refusal):
				v.refused[q.IdempotencyKey] = true
			default:
				v.open++
			}
			v.mu.Unlock()
			if err == nil || refusal != nil {
				return
			}
			if time.Since(begin) > patience {
				t.Errorf("key %s is never done: %v", q.IdempotencyKey, err)
				return
			}
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
		}
	}
	var clients sync.WaitGroup
	const writers, each = 4, 25
	for w := range writers {
		random := rand.New(rand.NewPCG(seed, 100+uint64(w)))
		clients.Go(func() {
			for i := range each {
				key := fmt.Sprintf("k-%d-%d", w, i)
				q := command(option(elements[random.IntN(2)], key), key, nil)
				if random.IntN(3) == 0 { // Some expect a revision that may be right.
					expected := int64(random.IntN(writers * each / 2))
					q.ExpectedRevision = &expected
				}
				time.Sleep(time.Duration(random.IntN(25)) * time.Millisecond)
				if random.IntN(3) > 0 {
					finish(random, q)
					continue
				}
				var twice sync.WaitGroup // To two nodes at once.
				other := rand.New(rand.NewPCG(seed, random.Uint64()))
				twice.Go(func() { finish(other, q) })
				finish(random, q)
				twice.Wait()
			}
		})
	}

	harmed := make(chan struct{})
	go func() {
		defer close(harmed)
		for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); time.Sleep(time.Duration(5+random.IntN(50)) * time.Millisecond) {
			server := random.IntN(3)
			switch random.IntN(11) {
			case 0:
				c.Kill(server)
			case 1:
				c.Restart(server)
			case 2:
				c.SetLeader(random.IntN(4) - 1)
			case 3:
				c.Hang(server, random.IntN(2) == 0)
			case 4:
				c.Freeze(server)
			case 5:
				c.Thaw(server)
			case 6:
				c.Silence(server, true)
			case 7:
				c.DropSubscriptions(server)
			case 8:
				c.RefuseOnFollowers(random.IntN(2) == 0)
			case 9:
				for range 1 + random.IntN(4) {
					c.Plan(esdbtest.Fault{
						Call: esdbtest.Call(random.IntN(6)), How: esdbtest.How(random.IntN(9)), Skip: random.IntN(3),
						Code: []codes.Code{codes.Unavailable, codes.Aborted, codes.Internal, codes.DeadlineExceeded, codes.Unknown}[random.IntN(5)],
					})
				}
			case 10:
				// A node ends, and another starts in its place, for which a server must answer.
				c.Heal()
				for i := range 3 {
					c.Restart(i)
				}
				n := random.IntN(len(nodes))
				nodesMu.Lock()
				nodes[n].stop()
				nodes[n] = newNode(t, hasty(c, settings[random.IntN(3)]))
				nodesMu.Unlock()
			}
		}
	}()
	<-harmed
	c.Heal()
	for i := range 3 {
		c.Hang(i, false)
		c.Restart(i)
	}
	c.SetLeader(random.IntN(3))
	clients.Wait()

	// What the cluster holds, by a way that is nobody's.
	want := uint64(0)
	for _, ids := range c.Streams("rapporteur.") {
		want += uint64(len(ids))
	}
	fresh := newNode(t, hasty(c, ""))
	keys := map[string][]uint64{}
	at := uint64(0)
	for e, err := range fresh.log.ReadAll(t.Context(), eventlog.Offset{}) {
		if err != nil {
			t.Fatal(err)
		}
		at++
		m, err := codec.DecodeMetadata(e.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		keys[m.IdempotencyKey] = append(keys[m.IdempotencyKey], at)
	}
	if at != want {
		t.Errorf("%d events are read, %d are there", at, want)
	}
	for key, result := range v.done {
		if !slices.Equal(keys[key], []uint64{result.At}) {
			t.Errorf("key %s was acknowledged at %d and stands at %v", key, result.At, keys[key])
		}
	}
	for key := range v.refused {
		if _, done := v.done[key]; len(keys[key]) > 0 && !done {
			t.Errorf("key %s was refused and stands at %v", key, keys[key])
		}
	}
	if len(v.done)+len(v.refused) < writers*each {
		t.Errorf("%d commands done, %d refused, of %d", len(v.done), len(v.refused), writers*each)
	}
	t.Logf("%d done, %d refused, %d answers that left the outcome open", len(v.done), len(v.refused), v.open)
	digests := map[string]int{}
	for _, n := range append(nodes, fresh) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := n.model.WaitAt(ctx, want); err != nil {
			t.Errorf("a node stays at %d of %d: %v", n.model.At(), want, err)
		}
		cancel()
		digest, err := n.model.Newest().Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[digest]++
	}
	if len(digests) != 1 {
		t.Errorf("the nodes have %d digests", len(slices.Collect(maps.Keys(digests))))
	}
}
