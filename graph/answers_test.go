package graph_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/rapporteur/rapporteur/graph"
)

// What a front-end asks at most: everything on every target.
const (
	figuresQuery   = `{ convergence { target { targetKey label } at consensus tally { support supportWithReservations neutral concerned oppose undeclared } support agreement } }`
	standingsQuery = `{ convergence { target { targetKey label } consensus standings { state { code name } stance basis onEarlierVersion } } }`
	evidenceQuery  = `{ convergence { target { targetKey label } consensus
		standings { state { code name } stance basis onEarlierVersion evidence { __typename on source { title url } } } } }`
	demoQuery = `{ convergence { target { targetKey label } consensus agreement
		tally { support supportWithReservations neutral concerned oppose undeclared }
		objectors { code } undeclared { code }
		standings(stances: [OPPOSE]) { state { code } basis evidence { on source { title url } } } } }`
	matrixQuery = `{ matrix { at states { code name regionalGroup } targets { targetKey label } rows stances bases } }`
)

// BenchmarkAnswers measures the largest answers on the built-in negotiation, without a socket. "cpu-ms/op" is what holds while
// the machine does other work as well.
func BenchmarkAnswers(b *testing.B) {
	for _, q := range []struct{ name, query string }{
		{"figures", figuresQuery}, {"standings", standingsQuery}, {"evidence", evidenceQuery}, {"demo", demoQuery}, {"matrix", matrixQuery},
	} {
		b.Run(q.name, func(b *testing.B) {
			bed := readOnly(b)
			bed.handler = graph.Executed(graph.Config{Model: bed.model, Log: bed.log}) // Each answer is made, not given again.
			bed.get(q.query)
			b.ReportAllocs()
			before := processor(b)
			for b.Loop() {
				bed.post(q.query)
			}
			b.ReportMetric(float64((processor(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

// processor gives the time that this process has taken of the processors.
func processor(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
