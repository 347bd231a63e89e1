package httpgraphql

import (
	"crypto/sha256"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache keeps the values used last, as many as fit into a number of bytes, each under the hash of what it was made of. A bound by
// entries would be none: an entry may be a megabyte.
type cache[V any] struct {
	mu    sync.Mutex
	lru   *simplelru.LRU[[sha256.Size]byte, sized[V]]
	bytes int
	limit int
}

type sized[V any] struct {
	value V
	bytes int
}

// entryBytes is what an entry takes beside its value.
const entryBytes = 200

func newCache[V any](limit int) *cache[V] {
	c := &cache[V]{limit: limit}
	// An entry takes entryBytes at least, so the bound by entries is never met first.
	lru, err := simplelru.NewLRU(limit/entryBytes+1, func(_ [sha256.Size]byte, gone sized[V]) { c.bytes -= gone.bytes })
	if err != nil {
		panic(err) // unreachable: it refuses only a size below one
	}
	c.lru = lru
	return c
}

func (c *cache[V]) get(key [sha256.Size]byte) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.lru.Get(key)
	return found.value, ok
}

// add keeps a value that takes about so many bytes.
func (c *cache[V]) add(key [sha256.Size]byte, value V, bytes int) {
	bytes += entryBytes
	if bytes > c.limit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lru.Contains(key) {
		return // Another request was quicker. Theirs is as good.
	}
	for c.bytes+bytes > c.limit {
		c.lru.RemoveOldest()
	}
	c.lru.Add(key, sized[V]{value, bytes})
	c.bytes += bytes
}
