package graph

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/projections"
)

// MetricsHandler serves what a registry holds, for Prometheus.
func MetricsHandler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry})
}

// meter tells how /graphql is doing. Its labels are words of the program alone: nothing that a client sent.
type meter struct {
	api   *httpgraphql.Handler
	model *projections.Model
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("rapporteur_"+name, help, labels, nil)
}

var (
	metricEvents        = described("record_events", "Events of the record that this node answers from.")
	metricConnections   = described("connections", "Connections that stay open, by transport.", "transport")
	metricSubscriptions = described("subscriptions", "Subscriptions that are open.")
	metricBehind        = described("feed_lag_events", "Events of the record that the subscription furthest back has not looked at.")
	metricRunning       = described("operations_running", "Operations that run now.")
	metricWaiting       = described("operations_waiting", "Operations that wait for their turn.")
	metricOperations    = described("operations_total", "Operations that were begun, by kind.", "kind")
	metricRepeated      = described("answers_repeated_total", "Queries that were given an answer again, without executing anything.")
	metricRefused       = described("refused_total", "Requests that were not executed.")
	metricMessages      = described("feed_messages_total", "Messages of subscriptions that were sent.")
	metricExecuted      = described("feed_messages_executed_total", "Messages of subscriptions that were made; all others were shared.")
)

// Describe gives all metrics.
func (m meter) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		metricEvents, metricConnections, metricSubscriptions, metricBehind, metricRunning, metricWaiting, metricOperations, metricRepeated, metricRefused,
		metricMessages, metricExecuted,
	} {
		to <- d
	}
}

// Collect gives their values now.
func (m meter) Collect(to chan<- prometheus.Metric) {
	s := m.api.Stats()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	gauge(metricEvents, float64(m.model.At()))
	for transport, n := range s.Connections {
		gauge(metricConnections, float64(n), transport)
	}
	gauge(metricSubscriptions, float64(s.Subscriptions))
	gauge(metricBehind, float64(s.Behind))
	gauge(metricRunning, float64(s.Running))
	gauge(metricWaiting, float64(s.Waiting))
	counter(metricOperations, s.Queries, "query")
	counter(metricOperations, s.Mutations, "mutation")
	counter(metricOperations, s.Subscribed, "subscription")
	counter(metricRepeated, s.Repeated)
	counter(metricRefused, s.Refused)
	counter(metricMessages, s.Messages)
	counter(metricExecuted, s.Executed)
}
