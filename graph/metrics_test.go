package graph_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rapporteur/rapporteur/graph"
)

func TestMetrics(t *testing.T) {
	s := newDemo(t).station(func(c *graph.Config) { c.Metrics = prometheus.NewRegistry() })
	metrics := func() (int, string) {
		r, err := http.NewRequest(http.MethodGet, "http://"+s.address+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}
	s.connect().subscribe("1", `subscription { eventRecorded { at } }`)
	s.events("", `subscription { eventRecorded { at } }`)
	for s.handler.Stats().Subscriptions < 2 {
		time.Sleep(time.Millisecond)
	}
	_, text := metrics()
	for _, want := range []string{
		"rapporteur_record_events 828", `rapporteur_connections{transport="websocket"} 1`, `rapporteur_connections{transport="sse"} 1`,
		"rapporteur_subscriptions 2", "rapporteur_feed_lag_events 0", `rapporteur_operations_total{kind="subscription"} 2`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	// Whoever may not read is told nothing, and where metrics have an address of their own this one has none.
	s = newDemo(t).station(func(c *graph.Config) {
		c.Metrics, c.Authenticator, c.AnyHost = prometheus.NewRegistry(), fleeting{}, true
	})
	if status, text := metrics(); status != http.StatusUnauthorized || strings.Contains(text, "record_events") {
		t.Errorf("without a token: %d %s", status, text)
	}
	s = newDemo(t).station(func(c *graph.Config) { c.Metrics, c.MetricsElsewhere = prometheus.NewRegistry(), true })
	if status, _ := metrics(); status != http.StatusNotFound {
		t.Errorf("where they are elsewhere: %d", status)
	}
}
