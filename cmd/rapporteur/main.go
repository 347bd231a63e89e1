package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/rapporteur/rapporteur/domain/recorder"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	status := run(ctx, os.Args[1:], output{os.Stdout, os.Stderr})
	stop()
	os.Exit(status)
}

// output is where a command writes: what was asked for, and everything else.
type output struct{ out, err io.Writer }

// Exit statuses (INTERFACE): what scripts rely on.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
	statusFound  = 3 // A check found something.
)

// exit is what kong asks for where it has answered itself: --help and --version.
type exit int

// run runs one command and gives its exit status.
func run(ctx context.Context, args []string, out output) (status int) {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("rapporteur"),
		kong.Description("Records who proposed what and who said what in a negotiation, and shows where views converge."),
		kong.UsageOnError(),
		kong.Writers(out.out, out.err),
		kong.DefaultEnvars("RAPPORTEUR"),
		kong.Exit(func(status int) { panic(exit(status)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": versionLine(), "exportKinds": exportKinds()},
	)
	if err != nil {
		panic(err) // unreachable: the grammar is a constant.
	}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			status = int(p)
		default:
			panic(p)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(out.err, "rapporteur: %v\nTry rapporteur --help, or rapporteur COMMAND --help.\n", err)
		return statusUsage
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	return conclude(ctx, chosen.Run(out), out)
}

// conclude tells what was wrong with a command, if anything was, and gives its exit status.
func conclude(ctx context.Context, err error, out output) int {
	switch {
	case err == nil:
		return statusDone
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		var cut *recorder.Incomplete // What was recorded is not lost with the rest, and neither is the word of it.
		if errors.As(err, &cut) {
			fmt.Fprintf(out.err, "rapporteur: interrupted: %v\n", cut)
		} else {
			fmt.Fprintln(out.err, "rapporteur: interrupted")
		}
		return statusFailed
	}
	fmt.Fprintf(out.err, "rapporteur: %v\n", err)
	var wrong *usage
	var found *finding
	switch {
	case errors.As(err, &wrong):
		return statusUsage
	case errors.As(err, &found):
		return statusFound
	}
	return statusFailed
}

// usage is an error in how the program was called.
type usage struct{ message string }

func (e *usage) Error() string { return e.message }

// finding is what a check found.
type finding struct{ message string }

func (e *finding) Error() string { return e.message }
