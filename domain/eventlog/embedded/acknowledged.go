package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rapporteur/rapporteur/domain/eventlog"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// The file `acknowledged` holds the number of events that were acknowledged and their Merkle root, outside the log.
//
// Two slots are written in turn, so that the one that is not being written is whole whatever happens. They lie 4,096 bytes
// apart, since a disk may write no less than that at once. FORMAT.md has the bytes.
//
// It is written after the transaction was synced and before the answer is given:
//   - a crash between the sync and this write leaves a log that is longer than what was acknowledged: nothing is wrong;
//   - a crash of the program after it changes nothing, the kernel has it;
//   - a crash of the machine after it may leave an older slot, since the file is synced only when a large part of the
//     write-ahead log has been folded back, and at the end (a sync of its own each time would double the price of an
//     append): a log that is longer.
//
// No order of events makes the log shorter than this file. If it is, something was lost.
const (
	acknowledgedFile = "acknowledged"
	slotMagic        = "rapp-ack"
	slotSize         = 128
	slotSpacing      = 4096
	slotSum          = slotSize - sha256.Size
	slotFixed        = 32 // the bytes before these are the same in every slot of a store
)

// tally is what was acknowledged.
type tally struct {
	count uint64
	root  leaf.Hash
}

type acknowledged struct {
	disk     *disk
	file     *os.File
	store    [16]byte
	sequence uint64 // of the newest slot
}

// encodeSlot gives the bytes of a slot.
func encodeSlot(store [16]byte, sequence uint64, t tally) []byte {
	b := make([]byte, slotSize)
	copy(b[0:8], slotMagic)
	binary.BigEndian.PutUint32(b[8:12], formatVersion)
	copy(b[16:32], store[:])
	// The mark makes two sequence numbers differ in many bits and not in one: a slot of which only the beginning was
	// written must not look like the old one with a flipped bit.
	binary.BigEndian.PutUint64(b[40:48], sequence)
	mark := sha256.Sum256(b[40:48])
	copy(b[32:40], mark[:])
	binary.BigEndian.PutUint64(b[48:56], t.count)
	copy(b[56:88], t.root[:])
	sum := sha256.Sum256(b[:slotSum])
	copy(b[slotSum:], sum[:])
	return b
}

func slotValid(b []byte) bool {
	sum := sha256.Sum256(b[:slotSum])
	return bytes.Equal(sum[:], b[slotSum:])
}

// oneBitAway says whether a slot that is not valid would be if one bit were another.
func oneBitAway(b []byte) bool {
	b = bytes.Clone(b)
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		if slotValid(b) {
			return true
		}
		b[i/8] ^= 1 << (i % 8)
	}
	return false
}

// decodeAcknowledged reads the file. A slot that was being written when the machine stopped is recognised and passed over,
// the other one counts; any other damage is an error. The two are told apart thus: a torn slot holds bytes of two slots of
// this store, so its fixed bytes are whole and no single bit mends it.
func decodeAcknowledged(data []byte, store [16]byte) (sequence uint64, t tally, err error) {
	damaged := func(format string, args ...any) (uint64, tally, error) {
		return 0, tally{}, refuse(eventlog.ErrCorrupt, "the file %s is damaged: %s", acknowledgedFile, fmt.Sprintf(format, args...))
	}
	if len(data) != 2*slotSpacing {
		return damaged("it has %d bytes and not %d", len(data), 2*slotSpacing)
	}
	var valid [2]bool
	var sequences [2]uint64
	var tallies [2]tally
	fixed := encodeSlot(store, 0, tally{})[:slotFixed]
	for i := range 2 {
		block := data[i*slotSpacing : (i+1)*slotSpacing]
		slot := block[:slotSize]
		for n, b := range block[slotSize:] {
			if b != 0 {
				return damaged("byte %d is not zero", i*slotSpacing+slotSize+n)
			}
		}
		valid[i] = slotValid(slot)
		if !valid[i] && oneBitAway(slot) {
			return damaged("slot %d has a flipped bit", i)
		}
		if !bytes.Equal(slot[:slotFixed], fixed) {
			if valid[i] {
				return damaged("slot %d belongs to another store, %x", i, slot[16:32])
			}
			return damaged("slot %d is no slot of this store", i)
		}
		sequences[i] = binary.BigEndian.Uint64(slot[40:48])
		tallies[i].count = binary.BigEndian.Uint64(slot[48:56])
		copy(tallies[i].root[:], slot[56:88])
		if valid[i] && sequences[i]%2 != uint64(i) {
			return damaged("slot %d holds what belongs into the other", i)
		}
	}
	newest := 0
	switch {
	case !valid[0] && !valid[1]:
		return damaged("neither of its two slots is whole")
	case valid[0] && valid[1]:
		// They need not follow one another: after a power cut each may be any that was written since the last sync.
		if sequences[0] < sequences[1] {
			newest = 1
		}
	case valid[1]:
		newest = 1
	}
	return sequences[newest], tallies[newest], nil
}

// createAcknowledged makes the file of a new store under another name.
func createAcknowledged(d *disk, name string, store [16]byte) (err error) {
	f, err := os.OpenFile(filepath.Join(d.dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	var empty leaf.Frontier
	data := make([]byte, 2*slotSpacing)
	for i := range 2 {
		copy(data[i*slotSpacing:], encodeSlot(store, uint64(i), tally{root: empty.Root()}))
	}
	if err := d.writeAt(f, data, 0); err != nil {
		return err
	}
	return d.sync(f)
}

// openAcknowledged opens the file and says what was acknowledged.
func openAcknowledged(d *disk, store [16]byte) (*acknowledged, tally, error) {
	path := filepath.Join(d.dir, acknowledgedFile)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil, tally{}, refuse(eventlog.ErrCorrupt, "the file %s, which says how many events were acknowledged, is missing; put it back from the same backup as %s", acknowledgedFile, recordFile)
	}
	if err != nil {
		return nil, tally{}, err
	}
	dropCache(f)
	data, err := os.ReadFile(path)
	if err != nil {
		f.Close()
		return nil, tally{}, err
	}
	sequence, t, err := decodeAcknowledged(data, store)
	if err != nil {
		f.Close()
		return nil, tally{}, err
	}
	return &acknowledged{disk: d, file: f, store: store, sequence: sequence}, t, nil
}

// write counts events as acknowledged. It does not sync.
func (a *acknowledged) write(t tally) error {
	next := a.sequence + 1
	if err := a.disk.writeAt(a.file, encodeSlot(a.store, next, t), int64(next%2)*slotSpacing); err != nil {
		return err
	}
	a.sequence = next
	return nil
}

// settle writes both slots, one after the other, each synced before the other is touched.
func (a *acknowledged) settle(t tally) error {
	for range 2 {
		if err := a.write(t); err != nil {
			return err
		}
		if err := a.sync(); err != nil {
			return err
		}
	}
	return nil
}

func (a *acknowledged) sync() error { return a.disk.sync(a.file) }

func (a *acknowledged) close() error { return a.file.Close() }
