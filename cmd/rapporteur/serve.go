package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rapporteur/rapporteur/deploy/demo"
	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/intake"
	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/httpgraphql"
	"github.com/rapporteur/rapporteur/projections"
	"github.com/rapporteur/rapporteur/projections/router"
)

type serveCommand struct {
	storeFlag
	listenFlag
	accessFlags
	edgeFlags
	snapshotFlags
	MetricsListen string `placeholder:"ADDR" help:"Address of its own for /metrics, which asks nobody who they are; without it /metrics is at the main address, for those who may read."`

	Empty bool `help:"Leave a new store empty: without the reference data (195 States, ten groups)."`
}

// Run serves a store until the context ends.
func (c *serveCommand) Run(ctx context.Context, out output) (err error) {
	logger := newLogger(out)
	config, err := c.edgeFlags.config(c.Auth)
	if err != nil {
		return err
	}
	if err := c.accessFlags.check(); err != nil {
		return err
	}
	// The address first: a port in use is told before a store is made.
	listener, err := c.listen(c.Auth != "none" || c.AllowInsecure, "give --auth token or --auth oidc, or ")
	if err != nil {
		return err
	}
	defer listener.Close()
	reached := listener.Addr().(*net.TCPAddr)
	var metrics net.Listener
	if c.MetricsListen != "" {
		if metrics, err = listenOn("metrics-listen", c.MetricsListen); err != nil {
			return err
		}
		defer metrics.Close()
	}
	listener, scheme, err := c.secure(listener, logger)
	if err != nil {
		return err
	}
	issuer, err := c.issuer(ctx)
	if err != nil {
		return err
	}
	log, err := c.Store.open(ctx, out)
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	access, err := c.guard(&config, issuer, c.storeFlag, reached)
	if err != nil {
		return err
	}
	n := makeNode(log, out)
	if n.snapshots, err = c.snapshotFlags.keeper(c.Store, n); err != nil {
		return err
	}
	if err := n.start(ctx, out.err); err != nil {
		return err
	}
	n.metricsListener = metrics
	if !c.Empty {
		report, err := n.recordReference(ctx)
		if err != nil {
			return err
		}
		if report.Events > 0 {
			fmt.Fprintf(out.out, "new store: recorded the reference data, %d events\n", report.Events)
		}
	}
	err = n.serve(ctx, listener, config, func(address string) {
		fmt.Fprintf(out.out, "serving %s, %d events\nGraphQL  %s://%s/graphql\neditor   %s://%s/graphiql\naccess   %s\n",
			c.Store, n.model.At(), scheme, address, scheme, address, access)
		if metrics != nil {
			fmt.Fprintf(out.out, "metrics  http://%s/metrics\n", metrics.Addr())
		}
		if c.Auth != "none" && scheme == "http" && !reached.IP.IsLoopback() {
			logger.Warn("tokens come over the network unencrypted: give --tls-cert and --tls-key, or put a proxy before it that has them")
		}
	})
	if err == nil {
		n.snapshots.last(ctx)
	}
	return err
}

// node is a running program: a record, its read model, and what records into it.
type node struct {
	log      store
	model    *projections.Model
	recorder *recorder.Recorder
	logger   *slog.Logger
	metrics  *prometheus.Registry // What the program tells of itself.
	passing  bool                 // The record is served for a while only.
	// snapshots keep the read model for the next start; nil where none are kept.
	snapshots *snapshots
	// metricsListener is the address that has nothing but them; nil where the main address has them.
	metricsListener net.Listener

	// following is what takes in the record live; the model is the first of it.
	following []router.Projection
}

// newLogger makes what the program tells its operator with.
func newLogger(out output) *slog.Logger { return slog.New(slog.NewTextHandler(out.err, nil)) }

// newNode catches up with a log.
func newNode(ctx context.Context, log store, out output) (*node, error) {
	n := makeNode(log, out)
	return n, n.start(ctx, out.err)
}

// makeNode makes a node that knows nothing yet.
func makeNode(log store, out output) *node {
	n := &node{log: log, logger: newLogger(out), metrics: prometheus.NewRegistry()}
	n.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return n
}

// start catches up with the log, from a snapshot on where there is one to trust.
func (n *node) start(ctx context.Context, w io.Writer) error {
	n.model = n.snapshots.load(ctx)
	if n.model != nil {
		err := n.catchUp(ctx, w)
		if err != nil && (ctx.Err() != nil || errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrClosed)) {
			return err
		}
		if err != nil {
			n.snapshots.distrust(fmt.Errorf("what was recorded since does not go on from it: %w", err))
			n.model = nil
		}
	}
	if n.model == nil {
		n.model = projections.New()
		if err := n.catchUp(ctx, w); err != nil {
			return err
		}
	}
	n.following = []router.Projection{router.Model(n.model)}
	n.recorder = recorder.New(n.log, graph.NewReader(n.model), recorder.Config{})
	return nil
}

func (n *node) catchUp(ctx context.Context, w io.Writer) error {
	bar := newProgress(w, "reading the record", -1)
	_, err := n.model.CatchUp(ctx, n.log, func(applied int) { bar.to(applied, -1) })
	bar.end()
	return err
}

// reference is the subject under which the program records what it brings itself.
const reference = "reference"

// recordReference records what a new record starts with, and nothing in a record that holds anything else. A start that was cut
// short is completed by the next.
func (n *node) recordReference(ctx context.Context) (recorder.Report, error) {
	v := n.model.Newest()
	if ours := v.Events(projections.EventFilter{RecordedBy: reference}, projections.Page[uint64]{}).Total(); uint64(ours) != v.Moment().At {
		return recorder.Report{}, nil
	}
	input, faults := intake.Reference(demo.Files)
	if len(faults) > 0 {
		return recorder.Report{}, fmt.Errorf("the built-in reference data: %v", faults[0]) // unreachable: a test reads it.
	}
	report, err := n.recorder.RecordAll(ctx, input.Rows, recorder.AllOptions{By: reference})
	if err != nil {
		return report, err
	}
	_, err = n.model.CatchUp(ctx, n.log, nil)
	return report, err
}

// closeLog closes a log at the end of a command; that it could not be closed well is told unless something else was wrong.
func closeLog(log io.Closer, err *error) {
	if closed := log.Close(); *err == nil {
		*err = closed
	}
}

// ready says why the node is not caught up or not able to record, or nothing.
func (n *node) ready(context.Context) error {
	if err := n.log.Healthy(); err != nil {
		return err
	}
	// A cluster does not say how many events are ours: there, what keeps the model from following is what Healthy tells.
	if log, ok := n.log.(*embedded.Log); ok {
		if behind := int64(log.Stats().Events) - int64(n.model.At()); behind > lag {
			return fmt.Errorf("the read model is %d events behind the record", behind)
		}
	}
	return nil
}

// newest gives the position of the record's last event, where the store knows it.
func (n *node) newest() func() uint64 {
	log, ok := n.log.(*embedded.Log)
	if !ok {
		return nil
	}
	return func() uint64 { return log.Stats().Events }
}

// lag is how many events the read model may be behind and the node still be called ready: what was just recorded always is for a
// moment.
const lag = 10_000

// drain is how long requests under way may take after the program was told to stop.
const drain = 8 * time.Second

// follow keeps up with the log. A store that cannot be read for a while is no end: what was taken in is the record's, and is
// served, and the rest is read once it can be.
func (n *node) follow(ctx context.Context) error {
	go func() { _ = n.model.IndexTexts(ctx) }() // Behind the model, until the context ends.
	for {
		err := router.Follow(ctx, router.FollowConfig{Log: n.log, Logger: n.logger, Metrics: n.metrics, Newest: n.newest()}, n.following...)
		if !errors.Is(err, eventlog.ErrUnavailable) {
			return err
		}
		n.logger.Warn("the record cannot be read; trying on", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// serve follows the log and answers on the listener until the context ends. Should what follows the log stop, so does the program,
// and cuts off who is asking: it must not go on answering from a record that it does not read any more, or of which it holds part
// of an append. config says how it is served; what is served is the node's own.
func (n *node) serve(ctx context.Context, listener net.Listener, config graph.Config, ready func(address string)) error {
	// Following outlives the signal to stop, since a mutation under way is answered when its event was applied.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed, followed := make(chan error, 3), make(chan struct{})
	defer func() {
		stop()
		<-followed
	}()
	go func() {
		defer close(followed)
		if err := n.follow(following); err != nil {
			failed <- fmt.Errorf("the program cannot go on: %w", err)
		}
	}()
	snapshots := make(chan struct{})
	go func() {
		defer close(snapshots)
		n.snapshots.keep(following)
	}()
	defer func() {
		stop()
		<-snapshots
	}()
	config.Model, config.Log, config.Recorder = n.model, n.log, n.recorder
	config.Logger, config.Ready, config.Passing = n.logger, n.ready, n.passing
	config.Metrics, config.MetricsElsewhere = n.metrics, n.metricsListener != nil
	handler := graph.NewHandler(config)
	server := httpgraphql.NewServer(handler, n.logger)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
	}()
	if n.metricsListener != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", graph.MetricsHandler(n.metrics))
		own := httpgraphql.NewServer(mux, n.logger)
		defer own.Close()
		go func() {
			if err := own.Serve(n.metricsListener); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", n.metricsListener.Addr(), err)
			}
		}()
	}
	ready(listener.Addr().String())

	drained := make(chan error, 1)
	for stopping := ctx.Done(); ; {
		select {
		case err := <-failed:
			_ = server.Close() // What is wrong is told; that a connection did not close well tells nothing more.
			return err
		case <-stopping:
			stopping = nil
			go func() {
				graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
				defer cancel()
				// Feeds end at once, so that their followers go on elsewhere, or here when the program is back.
				feeds := make(chan error, 1)
				go func() { feeds <- handler.Drain(graceful) }()
				err := server.Shutdown(graceful)
				drained <- errors.Join(err, <-feeds)
			}()
		case err := <-drained:
			if err != nil {
				_ = server.Close() // What took longer than it may is cut off.
			}
			return nil
		}
	}
}
