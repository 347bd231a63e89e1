package router

import (
	"fmt"

	"github.com/ThreeDotsLabs/watermill/components/metrics"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/prometheus/client_golang/prometheus"
)

// meters tell of projections while they follow.
type meters struct {
	registry prometheus.Registerer
	ours     []prometheus.Collector
	events   *prometheus.CounterVec
	handler  message.HandlerMiddleware
}

// newMeters registers what is told of a list of projections; without a registry there is nothing to tell.
func newMeters(config FollowConfig, list []Projection) (*meters, error) {
	t := &meters{registry: config.Metrics}
	if t.registry == nil {
		return t, nil
	}
	t.events = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rapporteur_projection_events_total", Help: "Events that a projection took in as they were recorded.",
	}, []string{"projection"})
	t.ours = []prometheus.Collector{t.events}
	for _, p := range list {
		t.events.WithLabelValues(p.Name)
		labels := prometheus.Labels{"projection": p.Name}
		t.ours = append(t.ours, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "rapporteur_projection_position", Help: "Position in the record up to which a projection has taken everything in.", ConstLabels: labels,
		}, func() float64 { return float64(p.Place().At) }))
		if config.Newest != nil {
			t.ours = append(t.ours, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "rapporteur_projection_lag_events", Help: "Events of the record that a projection has not taken in yet.", ConstLabels: labels,
			}, func() float64 {
				at := p.Place().At // First: what is recorded in between is not to make it negative.
				return float64(max(config.Newest(), at) - at)
			}))
		}
	}
	for i, c := range t.ours {
		if err := t.registry.Register(c); err != nil {
			t.ours = t.ours[:i]
			t.end()
			return nil, fmt.Errorf("register the metrics of projections: %w", err)
		}
	}
	t.handler = metrics.NewPrometheusMetricsBuilder(t.registry, "rapporteur", "projection").NewRouterMiddleware().Middleware
	return t, nil
}

// measure is the middleware that measures how long handlers take and counts what they took in.
func (t *meters) measure(h message.HandlerFunc) message.HandlerFunc {
	if t.registry == nil {
		return h
	}
	return t.handler(func(m *message.Message) ([]*message.Message, error) {
		out, err := h(m)
		if err == nil {
			t.events.WithLabelValues(message.HandlerNameFromCtx(m.Context())).Add(float64(len(stretchOf(m))))
		}
		return out, err
	})
}

// end takes the metrics out of the registry again, but for the times, which Watermill registers once for all.
func (t *meters) end() {
	for _, c := range t.ours {
		t.registry.Unregister(c)
	}
}
