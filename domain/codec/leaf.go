package codec

import "github.com/rapporteur/rapporteur/domain/eventlog/leaf"

// MaxLeafSize is the largest leaf of an event in bytes (RULES, section 8).
const MaxLeafSize = leaf.MaxSize

// LeafSize gives the size of the leaf that an event will be in the record's Merkle tree. A log refuses what is larger than
// MaxLeafSize; who records many events at once asks before the first.
func LeafSize(stream, typ string, revision int64, data, metadata []byte) int {
	const id = "00000000-0000-0000-0000-000000000000" // All ids are of one length.
	return len(leaf.Append(make([]byte, 0, len(data)+len(metadata)+256), id, stream, typ, revision, data, metadata))
}
