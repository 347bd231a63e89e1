package eventstoredb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb"
	"github.com/rapporteur/rapporteur/domain/eventlog/eventstoredb/esdbtest"
)

// canary stands where a password is, and must be seen nowhere.
const canary = "canary-7f3a"

func TestConnectionStringsThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "begins with esdb://",
		"kurrentdb://h":                    "begins with esdb://",
		"esdb://":                          "doesn't have an host",
		"esdb://h:x":                       "cannot be read",
		"esdb://h?tsl=false":               "has a setting tsl, which the client does not know; it knows defaultdeadline, ",
		"esdb://h?tls=perhaps":             "must be either true or false",
		"esdb://h?rapporteur-prefix=":      "rapporteur-prefix is one character or more",
		"esdb://h?rapporteur-prefix=$x":    "does not begin with $",
		"esdb://h?rapporteur-insecure=1s":  "true or false",
		"esdb://h?tlsCaFile=/nowhere":      "no such file",
		"esdb://u@h":                       "has a user and no password",
		"esdb://h?userCertFile=/nowhere":   "userKeyFile",
		"esdb://h?%zz":                     "cannot be read",
		"esdb://u:CANARY@h?tls=false":      "tls=false, with which the client sends neither",
		"esdb://u:CANARY@h?tsl=false":      "has a setting tsl",
		"esdb://u:CANARY/@h":               "cannot be read",
		"esdb://u:CANARY#x@h":              "cannot be read",
		"esdb://u:x?CANARY@h:2113":         "cannot be read",
		"esdb://u:x?y&CANARY@h:2113&z=1":   "cannot be read",
		"esdb://u:CANARY@h:port":           "cannot be read",
		"esdb://u:CANARY@h,i:port":         "wrong port format",
		"esdb+discover://u:CANARY@h,h2:z3": "wrong port format",
	} {
		text = strings.ReplaceAll(text, "CANARY", canary)
		_, err := eventstoredb.Open(t.Context(), eventstoredb.Config{ConnectionString: text})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q in it", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%q: the error has the password: %v", text, err)
		}
		if shown := eventstoredb.Redacted(text); strings.Contains(shown, canary) {
			t.Errorf("%q is shown as %q", text, shown)
		}
	}
}

func TestRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"esdb://user:secret@node1:2113,node2:2113?tls=true": "esdb://node1:2113,node2:2113",
		"esdb+discover://cluster.example?x=y":               "esdb+discover://cluster.example",
		"esdb://user:se@cr?et@node":                         "esdb://node",
	} {
		if got := eventstoredb.Redacted(text); got != want {
			t.Errorf("%s is shown as %s, want %s", text, got, want)
		}
	}
}

// Whatever goes wrong with a connection whose string has a password, neither an error nor a log line has it.
func TestCredentialsStandNowhere(t *testing.T) {
	c := esdbtest.New(t, 1)
	var logged bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	told := ""
	connection := strings.Replace(c.ConnectionString(), "esdb://", "esdb://user:"+canary+"@", 1)
	try := func(connection string, bound time.Duration) *eventstoredb.Log {
		ctx, cancel := context.WithTimeout(t.Context(), bound)
		defer cancel()
		log, err := eventstoredb.Open(ctx, eventstoredb.Quick(eventstoredb.Config{ConnectionString: connection, Logger: logger}))
		told += fmt.Sprintln(err)
		return log
	}
	if try(strings.TrimSuffix(connection, "?tls=false"), time.Second) != nil { // TLS, which the server does not speak.
		t.Error("connected to a server without TLS, though TLS is on")
	}
	log := try(connection+"&rapporteur-insecure=true", patience)
	if log == nil {
		t.Fatal(told)
	}
	c.Kill(0)
	for !strings.Contains(told, "refused") { // Until it is noticed that nobody is there.
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := log.Append(ctx, step("a", eventlog.NoStream, 1))
		cancel()
		told += fmt.Sprintln(err, log.Healthy())
	}
	if err := log.Close(); err != nil {
		t.Error(err)
	}
	if text := logged.String() + told; strings.Contains(text, canary) || !strings.Contains(logged.String(), "refused") {
		t.Errorf("a password was told, or nothing was:\n%s", text)
	}
}

// The largest steps that are taken, and what is told of larger ones.
func TestTheLargestStep(t *testing.T) {
	_, log := started(t, 1, "")
	s := step("a", eventlog.NoStream, 20)
	room := eventstoredb.MaxAppendSize
	for i := range s.Events {
		s.Events[i].Data = nil
		room -= len(s.Events[i].Metadata) + 2*len(s.Events[i].Type)
	}
	fill := func(size int) {
		for i := range s.Events {
			n := size / len(s.Events)
			if i == 0 {
				n += size % len(s.Events)
			}
			s.Events[i].Data = []byte(`"` + strings.Repeat("x", n-2) + `"`)
		}
	}
	fill(room + 1)
	var tooLarge *eventlog.TooLarge
	if _, err := log.Append(t.Context(), s); !errors.As(err, &tooLarge) || tooLarge.Size != eventstoredb.MaxAppendSize+1 ||
		!strings.Contains(err.Error(), "this store takes at most 1044480 bytes in one append") {
		t.Errorf("error %v", err)
	}
	fill(room)
	mustAppend(t, log, s)
	if got := ids(t, log); len(got) != 20 {
		t.Errorf("%d events, want 20", len(got))
	}
	s = step("b", eventlog.NoStream, 1)
	s.Events[0].ID = eventlog.ID{}
	if _, err := log.Append(t.Context(), s); err == nil || !strings.Contains(err.Error(), "without an id") {
		t.Errorf("an event without an id: %v", err)
	}
}
