package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows a bar on long work where the output is a terminal, and nothing anywhere else.
type progress struct {
	bar *progressbar.ProgressBar
}

// newProgress makes a bar; a total of -1 means that it is not known.
func newProgress(w io.Writer, what string, total int) *progress {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions(total,
		progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish(),
	)}
}

// to moves the bar. The total may have become known.
func (p *progress) to(done, total int) {
	if p.bar == nil {
		return
	}
	if total > 0 && total != p.bar.GetMax() {
		p.bar.ChangeMax(total)
	}
	_ = p.bar.Set(done) // A terminal that went away is no reason to stop.
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
