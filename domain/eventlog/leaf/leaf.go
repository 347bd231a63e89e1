// Package leaf gives the leaf of an event in the record's Merkle tree: its bytes and its hash.
//
// The bytes are the canonical JSON (RFC 8785) of the object
//
//	{"data":…,"id":…,"metadata":…,"revision":…,"stream":…,"type":…}
//
// Since data and metadata are recorded as canonical JSON and the six names stand in canonical order, the leaf is a
// concatenation. Its hash is SHA-256 over a zero byte and the leaf (RFC 6962, section 2.1).
package leaf

import (
	"crypto/sha256"
	"strconv"
)

// MaxSize is the largest leaf in bytes: an entry bundle of C2SP's tlog-tiles gives its length in 16 bits.
const MaxSize = 65_535

// Hash is an RFC 6962 leaf or node hash.
type Hash = [sha256.Size]byte

// Append appends the leaf's bytes to b. Data and metadata are canonical JSON already; id is a UUID in text.
// Stream and type are names of this program: printable ASCII or other UTF-8 text, escaped as RFC 8785 asks.
func Append(b []byte, id, stream, typ string, revision int64, data, metadata []byte) []byte {
	b = append(b, `{"data":`...)
	b = append(b, data...)
	b = append(b, `,"id":`...)
	b = AppendString(b, id)
	return appendRest(b, stream, typ, revision, metadata)
}

// appendRest appends what stands behind the id.
func appendRest(b []byte, stream, typ string, revision int64, metadata []byte) []byte {
	b = append(b, `,"metadata":`...)
	b = append(b, metadata...)
	b = append(b, `,"revision":`...)
	b = strconv.AppendInt(b, revision, 10)
	b = append(b, `,"stream":`...)
	b = AppendString(b, stream)
	b = append(b, `,"type":`...)
	b = AppendString(b, typ)
	return append(b, '}')
}

// AppendString appends s as a JSON string in the canonical form of RFC 8785, section 3.2.2.2.
// s must be valid UTF-8: text is checked and normalised where it enters the program.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			b = append(b, `\u00`...)
			b = append(b, hex[c>>4], hex[c&15])
		}
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// HashLeaf gives the RFC 6962 hash of a leaf.
func HashLeaf(leaf []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// HashNode gives the RFC 6962 hash of an inner node.
func HashNode(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}
