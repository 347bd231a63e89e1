package embedded

import (
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Operation is one change of a file, as a test sees it before it is done.
type Operation = operation

// OpenThrough opens a store whose changes of files all go through the seam, one after the other: those of a checkpoint beside the
// writer come in between those of the writer. A writer that could not reopen its store tries again at once.
func OpenThrough(config Config, seam func(*Operation) error) (*Log, error) {
	var turn sync.Mutex
	return OpenThroughAtOnce(config, func(op *Operation) error {
		turn.Lock()
		defer turn.Unlock()
		return seam(op)
	})
}

// OpenThroughAtOnce is OpenThrough for a seam that may be called by the writer and beside it at the same time.
func OpenThroughAtOnce(config Config, seam func(*Operation) error) (*Log, error) {
	config.seam = seam
	config.retryAfter = time.Nanosecond
	return Open(config)
}

// Connect opens a connection beside those of a log, as its readers have them.
func Connect(log *Log) (*sqlite3.Conn, error) { return connect(log.disk, recordFile) }

// Rest waits until the writer has nothing left to do: no checkpoint is under way, beside it or by itself.
func Rest(log *Log) {
	for {
		for range 2 { // What the writer does after the answer to the first is over with the answer to the second.
			r := newRequest()
			if !log.queue.put(r) {
				return
			}
			<-r.ready
		}
		if !log.checkpointing.Load() {
			return
		}
	}
}

// Stopped says whether the writer takes no appends.
func Stopped(log *Log) bool { return log.state.Load() != nil }

// Waiting is how many requests wait for the writer.
func Waiting(log *Log) int {
	log.queue.mu.Lock()
	defer log.queue.mu.Unlock()
	return len(log.queue.waiting)
}

// MakeFolder makes a folder, and calls sync for each folder that got an entry.
var MakeFolder = makeFolder

// The file `acknowledged`, by itself.

type Tally = tally

func NewTally(count uint64, root [32]byte) Tally { return tally{count: count, root: root} }

var (
	EncodeSlot         = encodeSlot
	DecodeAcknowledged = decodeAcknowledged
	Schema             = schema
)

const (
	SlotSize    = slotSize
	SlotSpacing = slotSpacing
)
