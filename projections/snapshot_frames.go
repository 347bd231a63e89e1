package projections

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
)

// A snapshot is a line that says so, and frames: a byte that says the kind, the length of what follows in four bytes (big-endian), that,
// and the SHA-256 of all these. The last frame holds the SHA-256 of those of all frames before it, and nothing follows it: what was cut
// off, put in or changed is told before anything of it is believed, and frames can be looked at on several processors at once.
const snapshotLine = "rapporteur, read model as of a position of a record; a cache, made anew if it is removed\n"

const frameHead = 5

var (
	errLine  = errors.New("it is no snapshot")
	errCut   = errors.New("it was cut off")
	errFrame = errors.New("its bytes are not those that were written")
)

// frames writes frames. After an error it writes nothing more.
type frames struct {
	w     io.Writer
	chain hash.Hash
	err   error
}

func newFrames(w io.Writer) *frames {
	_, err := io.WriteString(w, snapshotLine)
	return &frames{w: w, chain: sha256.New(), err: err}
}

func (f *frames) write(kind uint8, payload []byte) {
	if f.err == nil && uint64(len(payload)) >= 1<<32 {
		f.err = fmt.Errorf("a block of %d bytes", len(payload))
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	sum := frameSum(head, payload)
	for _, part := range [][]byte{head, payload, sum[:]} {
		if f.err == nil {
			_, f.err = f.w.Write(part)
		}
	}
	f.chain.Write(sum[:])
}

// end writes the last frame.
func (f *frames) end() error {
	f.write(frameEnd, f.chain.Sum(nil))
	return f.err
}

func frameSum(head, payload []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(head)
	h.Write(payload)
	h.Sum(sum[:0])
	return sum
}

// frame is a frame as it was read, and not looked at yet.
type frame struct {
	head, payload []byte
	sum           [sha256.Size]byte
}

func (f *frame) kind() uint8 { return f.head[0] }

// check says whether the frame is as it was written.
func (f *frame) check() error {
	if frameSum(f.head, f.payload) != f.sum {
		return errFrame
	}
	return nil
}

// framesIn reads frames.
type framesIn struct {
	r     io.Reader
	chain hash.Hash
}

func openFrames(r io.Reader) (*framesIn, error) {
	line := make([]byte, len(snapshotLine))
	if _, err := io.ReadFull(r, line); err != nil {
		return nil, cut(err)
	}
	if string(line) != snapshotLine {
		return nil, errLine
	}
	return &framesIn{r, sha256.New()}, nil
}

// cut gives what the end of a file means where it is none.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

// next reads a frame. Of the last one it looks at everything, and gives io.EOF.
func (in *framesIn) next() (*frame, error) {
	f := &frame{head: make([]byte, frameHead)}
	if _, err := io.ReadFull(in.r, f.head); err != nil {
		return nil, cut(err)
	}
	// A length that was changed may be any: no more memory is taken than there are bytes.
	var payload bytes.Buffer
	n := int64(binary.BigEndian.Uint32(f.head[1:]))
	payload.Grow(int(min(n, 1<<22)))
	if _, err := io.CopyN(&payload, in.r, n); err != nil {
		return nil, cut(err)
	}
	f.payload = payload.Bytes()
	if _, err := io.ReadFull(in.r, f.sum[:]); err != nil {
		return nil, cut(err)
	}
	if f.kind() != frameEnd {
		in.chain.Write(f.sum[:])
		return f, nil
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if n, err := in.r.Read(make([]byte, 1)); n > 0 || !bytes.Equal(f.payload, in.chain.Sum(nil)) {
		return nil, errFrame
	} else if !errors.Is(err, io.EOF) && err != nil {
		return nil, err
	}
	return nil, io.EOF
}
