package leaf

import (
	"crypto/sha256"
	"slices"
)

// Frontier is the right edge of a Merkle tree that grows: of each size it knows the root, of the leaves nothing.
// It holds the hashes of the perfect subtrees into which RFC 6962 (section 2.1) cuts a tree, from left to right,
// one for each bit that is set in the size. The zero value is the empty tree. It serves one goroutine.
type Frontier struct {
	size  uint64
	nodes []Hash
}

// Append adds a leaf at the right.
func (f *Frontier) Append(leaf Hash) {
	// Each trailing one bit of the size is a perfect subtree that the new leaf completes to one of twice its height.
	for size := f.size; size&1 == 1; size >>= 1 {
		last := len(f.nodes) - 1
		leaf = HashNode(f.nodes[last], leaf)
		f.nodes = f.nodes[:last]
	}
	f.nodes = append(f.nodes, leaf)
	f.size++
}

// Size is the number of leaves.
func (f *Frontier) Size() uint64 { return f.size }

// Root is the root of the tree over all leaves so far; that of no leaves is SHA-256 of nothing.
func (f *Frontier) Root() Hash {
	if len(f.nodes) == 0 {
		return sha256.Sum256(nil)
	}
	root := f.nodes[len(f.nodes)-1]
	for i := len(f.nodes) - 2; i >= 0; i-- {
		root = HashNode(f.nodes[i], root)
	}
	return root
}

// Clone gives a frontier that grows on its own.
func (f *Frontier) Clone() Frontier {
	return Frontier{size: f.size, nodes: slices.Clone(f.nodes)}
}
