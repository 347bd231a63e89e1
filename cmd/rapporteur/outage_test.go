package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience bounds what must happen soon. It is no measure: what runs into it would wait for ever.
const patience = 2 * time.Minute

// eventually waits until something holds.
func eventually(what string, p *program, holds func() bool) error {
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			return fmt.Errorf("waiting until %s, the program ended, with %v: %s", what, p.cmd.ProcessState, p.err.tail())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("it never came about that %s", what)
		}
	}
	return nil
}

// asked gives the status and text at a path of the program.
func asked(address, path string) (status int, text string, err error) {
	response, err := poster.Get("http://" + address + path)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}

// tallies count what writers were answered.
type tallies struct{ acknowledged, refused atomic.Int64 }

// persist sends mutations until it is told to stop, also while the program cannot record: whatever is not recorded, or not known to
// be, is answered as unavailable, in sentences that say why and what to do. Everything else is an error.
func (w *writer) persist(address, told string, stop <-chan struct{}, all *tallies) error {
	for {
		select {
		case <-stop:
			return nil
		case <-time.After(time.Duration(2+w.random.IntN(6)) * time.Millisecond):
		}
		a := w.next()
		w.attempts = append(w.attempts, a)
		id, err := a.send(address)
		wrong := (*answered)(nil)
		switch {
		case err == nil:
			all.acknowledged.Add(1)
			if a.query == recordPosition {
				w.position, w.actor = id, strings.TrimPrefix(a.stream, "position-")
			}
			if w.sent%4 == 0 {
				err = readBack(address, id, a.at)
			}
		case errors.As(err, &wrong) && strings.Contains(wrong.text, `"code":"UNAVAILABLE"`) && strings.Contains(wrong.text, "may be sent again with the same idempotencyKey") && strings.Contains(wrong.text, told):
			all.refused.Add(1)
			time.Sleep(30 * time.Millisecond)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.key, err)
		}
	}
}

// outage is a disk that fails for a while.
type outage struct {
	// begin lets the disk fail, and gives what makes it whole again.
	begin func(round int) (end func() error, err error)
	says  string // What /readyz says of it.
	told  string // What whoever wanted to record is told.
}

// survive has writers and feeds at a program through many outages. It is the same program all the time: while the disk fails,
// mutations are refused as unavailable, the node is alive and not ready, and questions and feeds are answered; once it does not,
// mutations are taken again. In the end everything that was acknowledged stands where it was acknowledged, and what was refused is
// recorded once when it is sent again.
func survive(t *testing.T, p *program, dir string, rounds int, o outage) {
	defer p.stop(syscall.SIGKILL)
	seed := rand.Uint64()
	l := newLedger()
	if err := l.readOn(p.address); err != nil {
		t.Fatal(err)
	}
	var (
		all     tallies
		writing sync.WaitGroup
		stop    = make(chan struct{})
		writers [8]*writer
		wrote   [len(writers)]error
	)
	for i := range writers {
		writers[i] = &writer{number: i, random: rand.New(rand.NewPCG(seed, uint64(i)))}
		writing.Go(func() { wrote[i] = writers[i].persist(p.address, o.told, stop, &all) })
	}
	feeds := [2]*chain{{}, {sse: true}}
	var following sync.WaitGroup
	var followed [len(feeds)]error
	for i, c := range feeds {
		c.at.Store(uint64(len(l.leaves)))
		following.Go(func() {
			if code, err := c.follow(p.address, nil); err != nil || code != 1001 {
				followed[i] = fmt.Errorf("feed %d ended with %d, %w", i, code, err)
			}
		})
	}
	says := regexp.MustCompile(o.says)
	var slowest time.Duration
	round := func(number int) error {
		some := all.acknowledged.Load() + 20
		if err := eventually("mutations are acknowledged", p, func() bool { return all.acknowledged.Load() >= some }); err != nil {
			return err
		}
		end, err := o.begin(number)
		if err != nil {
			return err
		}
		defer end()
		refused := all.refused.Load() + 5
		if err := eventually("mutations are refused", p, func() bool { return all.refused.Load() >= refused }); err != nil {
			return err
		}
		if status, text, err := asked(p.address, "/readyz"); err != nil || status != http.StatusServiceUnavailable || !says.MatchString(text) {
			return fmt.Errorf("/readyz: status %d, %q, %w; want 503 and %q", status, text, err, o.says)
		}
		if status, text, err := asked(p.address, "/healthz"); err != nil || status != http.StatusOK {
			return fmt.Errorf("/healthz: status %d, %q, %w", status, text, err)
		}
		var answer map[string]any
		if err := ask(p.address, demoQuery, nil, &answer); err != nil {
			return fmt.Errorf("a question: %w", err)
		}
		// Whoever comes now hears all there is, from the beginning, and so does whoever was there.
		late := &chain{sse: number%2 == 0}
		newest, err := position(p.address)
		if err != nil {
			return err
		}
		following.Go(func() { _, _ = late.follow(p.address, nil) })
		if err := eventually(fmt.Sprintf("the feeds have come to %d", newest), p, func() bool {
			return late.at.Load() >= newest && feeds[0].at.Load() >= newest && feeds[1].at.Load() >= newest
		}); err != nil {
			return err
		}
		if err := end(); err != nil {
			return err
		}
		begun, more := time.Now(), all.acknowledged.Load()+1
		if err := eventually("mutations are acknowledged again", p, func() bool { return all.acknowledged.Load() >= more }); err != nil {
			return err
		}
		slowest = max(slowest, time.Since(begun))
		return eventually("it is ready again", p, func() bool {
			status, _, err := asked(p.address, "/readyz")
			return err == nil && status == http.StatusOK
		})
	}
	for number := range rounds {
		if err := round(number); err != nil {
			t.Fatalf("seed %d, outage %d: %v; writers %v, feeds %v; it says %s", seed, number, err, errors.Join(wrote[:]...), errors.Join(followed[:]...), p.err.tail())
		}
	}
	close(stop)
	writing.Wait()
	if err := errors.Join(wrote[:]...); err != nil {
		t.Fatalf("seed %d: %v; it says %s", seed, err, p.err.tail())
	}
	var attempts []*attempt
	for _, w := range writers {
		attempts = append(attempts, w.attempts...)
	}
	there, lost, err := l.afterKill(p.address, attempts)
	if err == nil {
		err = l.same(p.address)
	}
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if status := p.stop(syscall.SIGTERM); status != statusDone {
		t.Errorf("told to end, it ended with status %d: %s", status, p.err)
	}
	following.Wait()
	for i, c := range feeds {
		if followed[i] != nil || c.at.Load() != uint64(len(l.leaves)) {
			t.Errorf("seed %d: feed %d came to %d of %d: %v", seed, i, c.at.Load(), len(l.leaves), followed[i])
		}
	}
	report, status, stderr := replayed(dir)
	if status != statusDone || report.At != uint64(len(l.leaves)) {
		t.Errorf("seed %d: replay: status %d, %d events of %d: %s", seed, status, report.At, len(l.leaves), stderr)
	}
	t.Logf("seed %d: %d outages; %d mutations acknowledged, %d refused, of which %d had been recorded and %d had not; acknowledged again %v after the end of an outage at the latest",
		seed, rounds, all.acknowledged.Load(), all.refused.Load(), there, lost, slowest.Round(time.Millisecond))
}

// position asks for the newest one.
func position(address string) (at uint64, err error) {
	var answer struct{ At string }
	if err := ask(address, "{ at }", nil, &answer); err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(answer.At, &at)
	return at, err
}

// smallDisk mounts a file system in memory of so many MiB, and gives its folder.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		t.Skipf("no small disk to fill: mounting is not allowed here, it needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A disk without room, to the last byte or the last pages, is an outage that ends by itself when there is room.
func TestFullDisk(t *testing.T) {
	rounds := 4
	switch {
	case long:
		rounds = 50
	case testing.Short():
		rounds = 2
	}
	disk := smallDisk(t, 64)
	dir, ballast := filepath.Join(disk, "store"), filepath.Join(disk, "ballast")
	newDemoStore(t, dir)
	p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	survive(t, p, dir, rounds, outage{
		says: "the disk is full",
		told: "The disk of the store is full: nothing was recorded, and what is recorded can be read.",
		begin: func(round int) (func() error, error) {
			f, err := os.Create(ballast)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			// Everything, or all but a few pages: then what is written fits in part.
			var size int64
			for block := make([]byte, 1<<20); err == nil; {
				var n int
				n, err = f.Write(block)
				size += int64(n)
			}
			if !errors.Is(err, syscall.ENOSPC) {
				return nil, err
			}
			if err := f.Truncate(max(0, size-int64(round%4*os.Getpagesize()))); err != nil {
				return nil, err
			}
			return func() error { return os.Truncate(ballast, 0) }, nil
		},
	})
}

// An import that finds the disk full says so, and how much it recorded; so does a start for which there is no room. Once there is, the
// same import records the rest.
func TestImportOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 1)
	if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 400<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(disk, "store")
	ended := func(want string, args ...string) {
		t.Helper()
		if status, stdout, stderr := complete("", nil, append(args, "--store", "file:"+dir)...); status != statusFailed || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d: %s%s; want %q", strings.Join(args, " "), status, stdout, stderr, want)
		}
	}
	ended("rows recorded; run the import again to complete it", "import", "dataset", demoFolder(t))
	ended("make room there and start again", "replay")
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", disk, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	newDemoStore(t, dir)
	if report, status, stderr := replayed(dir); status != statusDone || report.At != 828 {
		t.Errorf("replay: status %d, %d events, want 828: %s", status, report.At, stderr)
	}
}

// A disk that fails is an outage, too: whatever was not written, or not synced, is not acknowledged, and once the disk works again
// the program reads its store anew and goes on.
func TestFailingDisk(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is not installed; it makes system calls fail: run make setup")
	}
	rounds := 2
	if long {
		rounds = 20
	}
	for _, c := range []struct{ name, calls, fault string }{
		{"Sync", "fsync,fdatasync", "EIO"},
		{"Write", "pwrite64", "EIO"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			newDemoStore(t, dir)
			p, err := start("", nil, "serve", "--store", "file:"+dir, "--listen", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			survive(t, p, dir, rounds, outage{
				says:  "the store stopped writing",
				begin: func(int) (func() error, error) { return failing(t, p, c.calls, c.fault) },
			})
		})
	}
}

// failing has system calls of a program fail from now on, until end is called.
func failing(t *testing.T, p *program, calls, fault string) (end func() error, err error) {
	tracer := exec.Command("strace", "-f", "-p", fmt.Sprint(p.cmd.Process.Pid), "-e", "trace="+calls, "-e", fmt.Sprintf("inject=%s:error=%s", calls, fault), "-o", os.DevNull)
	said := &capture{written: make(chan struct{}, 1)}
	tracer.Stderr = said
	if err := tracer.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = tracer.Wait()
		close(ended)
	}()
	for !strings.Contains(said.String(), "attached") {
		select {
		case <-said.written:
		case <-ended:
			if text := said.String(); strings.Contains(text, "Operation not permitted") {
				t.Skipf("no system call can be made to fail: tracing a process is not allowed here: %s", text)
			}
			return nil, fmt.Errorf("strace: %s", said)
		}
	}
	return func() error {
		_ = tracer.Process.Signal(syscall.SIGINT) // It detaches and lets the program run on.
		<-ended
		return nil
	}, nil
}
