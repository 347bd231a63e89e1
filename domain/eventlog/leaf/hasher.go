package leaf

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hasher gives the hashes of many leaves from one buffer. The zero value is ready; it serves one goroutine.
type Hasher struct {
	buf []byte
}

// Hash gives the RFC 6962 hash of an event's leaf and the leaf's size in bytes.
// It allocates nothing once its buffer has grown: a replay hashes every event of the record.
func (h *Hasher) Hash(id [16]byte, stream, typ string, revision int64, data, metadata []byte) (Hash, int) {
	h.buf = append(h.buf[:0], 0) // RFC 6962, section 2.1: a leaf is hashed behind a zero byte, a node behind a one.
	h.buf = append(h.buf, `{"data":`...)
	h.buf = append(h.buf, data...)
	h.buf = append(h.buf, `,"id":"`...)
	h.buf = appendUUID(h.buf, id)
	h.buf = append(h.buf, '"')
	h.buf = appendRest(h.buf, stream, typ, revision, metadata)
	return sha256.Sum256(h.buf), len(h.buf) - 1
}

// appendUUID appends the text form of an id, which needs no escaping.
func appendUUID(b []byte, id [16]byte) []byte {
	b = hex.AppendEncode(b, id[0:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[4:6])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[6:8])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[8:10])
	b = append(b, '-')
	return hex.AppendEncode(b, id[10:16])
}
