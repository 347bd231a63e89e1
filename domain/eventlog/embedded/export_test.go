package embedded

import (
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Operation is one change of a file, as a test sees it before it is done.
type Operation = operation

// OpenThrough opens a store whose changes of files all go through the seam. A writer that could not reopen its store
// tries again at once.
func OpenThrough(config Config, seam func(*Operation) error) (*Log, error) {
	config.seam = seam
	config.retryAfter = time.Nanosecond
	return Open(config)
}

// Connect opens a connection beside those of a log, as its readers have them.
func Connect(log *Log) (*sqlite3.Conn, error) { return connect(log.disk, recordFile) }

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
