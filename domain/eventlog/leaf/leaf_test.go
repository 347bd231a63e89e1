package leaf_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

func TestLeafIsCanonicalJSONOfTheEvent(t *testing.T) {
	// Written by hand from RFC 8785: names sorted, no white space, only quote, backslash and control characters escaped.
	want := `{"data":{"a":1},"id":"00010203-0405-0607-0809-0a0b0c0d0e0f","metadata":{"m":[]},"revision":7,"stream":"position-\"\\\n\u001fé","type":"PositionStated"}`
	id := [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	stream := "position-\"\\\n\x1fé"
	got := leaf.Append(nil, "00010203-0405-0607-0809-0a0b0c0d0e0f", stream, "PositionStated", 7, []byte(`{"a":1}`), []byte(`{"m":[]}`))
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if !json.Valid(got) {
		t.Error("not JSON")
	}
	var h leaf.Hasher
	for range 2 { // The second time from a used buffer.
		hash, size := h.Hash(id, stream, "PositionStated", 7, []byte(`{"a":1}`), []byte(`{"m":[]}`))
		if hash != leaf.HashLeaf(got) || hash != sha256.Sum256(append([]byte{0}, want...)) {
			t.Errorf("hash %x", hash)
		}
		if size != len(want) {
			t.Errorf("size %d, want %d", size, len(want))
		}
	}
}

// The eight leaves of the test data of Certificate Transparency and the roots of the trees over the first n of them
// (google/certificate-transparency, merkletree tests).
var ctLeaves = []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}

var ctRoots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func TestFrontierGivesTheRootsOfCertificateTransparency(t *testing.T) {
	var f leaf.Frontier
	for n, want := range ctRoots {
		if got := fmt.Sprintf("%x", f.Root()); got != want {
			t.Errorf("root of %d leaves: %s, want %s", n, got, want)
		}
		if n < len(ctLeaves) {
			data, err := hex.DecodeString(ctLeaves[n])
			if err != nil {
				t.Fatal(err)
			}
			f.Append(leaf.HashLeaf(data))
		}
	}
}

// naiveRoot is the definition of RFC 6962, section 2.1, word for word.
func naiveRoot(leaves []leaf.Hash) leaf.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return leaf.HashNode(naiveRoot(leaves[:k]), naiveRoot(leaves[k:]))
}

func TestFrontierEqualsTheDefinitionAtEverySize(t *testing.T) {
	var f leaf.Frontier
	var leaves []leaf.Hash
	for n := range 101 {
		if f.Size() != uint64(n) || f.Root() != naiveRoot(leaves) {
			t.Fatalf("size %d: differs from the definition", n)
		}
		clone := f.Clone()
		next := leaf.HashLeaf(fmt.Append(nil, n))
		clone.Append(leaf.HashLeaf([]byte("another history")))
		if f.Root() != naiveRoot(leaves) {
			t.Fatalf("size %d: a clone changed what it was made from", n)
		}
		f.Append(next)
		leaves = append(leaves, next)
	}
}

func BenchmarkHasher(b *testing.B) {
	var h leaf.Hasher
	data, metadata := make([]byte, 600), make([]byte, 190)
	b.ReportAllocs()
	for b.Loop() {
		h.Hash([16]byte{}, "position-fra", "PositionStated", 12, data, metadata)
	}
}
