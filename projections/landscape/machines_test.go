package landscape_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/projections/convergence"
	"github.com/rapporteur/rapporteur/projections/landscape"
)

var update = flag.Bool("update", false, "rewrite testdata/maps.txt")

// crowd makes the stances of so many States in camps: who declared little, who wavers, and who shares nothing with whom.
func crowd(states, targets int, seed uint64) []convergence.Profile {
	r := rand.New(rand.NewPCG(seed, 1))
	profiles := make([]convergence.Profile, states)
	for s := range profiles {
		profiles[s] = convergence.NewProfile(targets)
		speaks := 1 + r.IntN(4)
		for t := range targets {
			if r.IntN(5) < speaks {
				profiles[s].Set(t, domain.Stance(1+(s*s%4+t%3+r.IntN(2))%5))
			}
		}
	}
	return profiles
}

// fingerprint is the hash of every bit of a map.
func fingerprint(m landscape.Map) string {
	h := sha256.New()
	for _, p := range m.Places {
		h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, math.Float64bits(p.X)), math.Float64bits(p.Y)))
	}
	fmt.Fprint(h, m.Clusters, m.Bridges)
	return hex.EncodeToString(h.Sum(nil))
}

// TestSameBits compares every bit of maps of all sizes, and the eigenvectors before rounding, with what was found once: on whatever
// machine the test runs.
func TestSameBits(t *testing.T) {
	var found strings.Builder
	for i, size := range [][2]int{{0, 5}, {1, 5}, {2, 3}, {3, 4}, {4, 1}, {5, 3}, {8, 6}, {13, 10}, {40, 51}, {97, 70}, {193, 51}} {
		profiles := crowd(size[0], size[1], uint64(i))
		fmt.Fprintf(&found, "%d States, %d targets: %s\n", size[0], size[1], fingerprint(landscape.New(profiles, size[1])))
	}
	r := rand.New(rand.NewPCG(3, 3))
	for _, n := range []int{2, 3, 10, 60} {
		a := make([][]float64, n)
		for i := range a {
			a[i] = make([]float64, n)
			for j := range i + 1 {
				a[i][j] = r.Float64() - 0.5
				a[j][i] = a[i][j]
			}
		}
		values, vectors := landscape.Eigen(a)
		h := sha256.New()
		for i, v := range values {
			h.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
			for _, x := range vectors[i] {
				h.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(x)))
			}
		}
		fmt.Fprintf(&found, "eigenvectors of %d rows: %x\n", n, h.Sum(nil))
	}
	const file = "testdata/maps.txt"
	if *update {
		if err := os.WriteFile(file, []byte(found.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if found.String() != string(want) {
		t.Errorf("on %s/%s:\n%swant\n%s", runtime.GOOS, runtime.GOARCH, found.String(), want)
	}
}

// TestSameBitsOnOtherMachines runs TestSameBits, with RAPPORTEUR_LONG=1, as compiled for processors that fuse multiplications with
// additions: a newer amd64, with and without the assembly of math/big, and arm64 under qemu-user (installed by .ci/setup); with one
// processor and with two. It compiles the standard library anew for each.
func TestSameBitsOnOtherMachines(t *testing.T) {
	if os.Getenv("RAPPORTEUR_LONG") == "" {
		t.Skip("RAPPORTEUR_LONG=1 compiles for other machines")
	}
	type machine struct {
		name string
		env  []string
		run  []string // What runs the test.
	}
	machines := []machine{{"arm64", []string{"GOARCH=arm64"}, []string{"qemu-aarch64"}}}
	if runtime.GOARCH == "amd64" {
		machines = append(machines,
			machine{"amd64 v1", []string{"GOARCH=amd64", "GOAMD64=v1"}, nil},
			machine{"amd64 v3", []string{"GOARCH=amd64", "GOAMD64=v3"}, nil},
			machine{"amd64 v3 without assembly", []string{"GOARCH=amd64", "GOAMD64=v3", "GOFLAGS=-tags=purego,math_big_pure_go"}, nil})
	}
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			binary := filepath.Join(t.TempDir(), "landscape.test")
			build := exec.Command("go", "test", "-c", "-o", binary, ".")
			build.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux"), m.env...)
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, processors := range []string{"1", "2"} {
				args := append(append([]string{}, m.run...), binary, "-test.run", "^(TestSameBits|TestScalingOfEurodist)$", "-test.v")
				test := exec.Command(args[0], args[1:]...)
				test.Env = append(os.Environ(), "GOMAXPROCS="+processors)
				if out, err := test.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestSameBits") {
					t.Errorf("with %s processors: %v\n%s", processors, err, out)
				}
			}
		})
	}
}

// TestEveryProductIsRounded looks for products of the floating-point code that no conversion float64(…) keeps from being fused: each
// has to be the whole of what is converted.
func TestEveryProductIsRounded(t *testing.T) {
	products := 0
	for _, file := range []string{"scaling.go", "eigen.go"} { // All numbers in them that are multiplied are floating-point numbers.
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		rounded := map[ast.Expr]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "float64" {
					rounded[n.Args[0]] = true
				}
			case *ast.BinaryExpr:
				if n.Op == token.MUL {
					products++
					if !rounded[n] {
						t.Errorf("%s: a product that may be fused", set.Position(n.Pos()))
					}
				}
			case *ast.AssignStmt:
				if n.Tok == token.MUL_ASSIGN {
					t.Errorf("%s: a product that may be fused", set.Position(n.Pos()))
				}
			}
			return true
		})
	}
	if products < 20 {
		t.Errorf("only %d products were found", products)
	}
}

// The eigenvectors of random and of degenerate matrices are eigenvectors, of length 1 and at right angles.
func TestEigen(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for n := range 25 {
		for kind := range 4 {
			a := make([][]float64, n)
			for i := range a {
				a[i] = make([]float64, n)
				for j := range i + 1 {
					switch kind {
					case 0:
						a[i][j] = r.Float64() - 0.5
					case 1:
						a[i][j] = 1 // One eigenvalue n, all others 0.
					case 2:
						a[i][j] = float64(r.IntN(2))
					case 3:
						if i == j {
							a[i][j] = float64(i % 2)
						}
					}
					a[j][i] = a[i][j]
				}
			}
			b := make([][]float64, n)
			for i := range a {
				b[i] = append([]float64{}, a[i]...)
			}
			values, vectors := landscape.Eigen(b)
			for i := range vectors {
				for j := range n {
					product := 0.0
					for k := range n {
						product += a[j][k] * vectors[i][k]
					}
					if math.Abs(product-values[i]*vectors[i][j]) > 1e-12*float64(n+1) {
						t.Fatalf("kind %d, %d rows: row %d of A·v is %v, λ·v is %v", kind, n, j, product, values[i]*vectors[i][j])
					}
					dot := 0.0
					for k := range n {
						dot += vectors[i][k] * vectors[j][k]
					}
					if want := map[bool]float64{true: 1, false: 0}[i == j]; math.Abs(dot-want) > 1e-12*float64(n+1) {
						t.Fatalf("kind %d, %d rows: vectors %d and %d have the product %v", kind, n, i, j, dot)
					}
				}
			}
		}
	}
}

// Where many rows are alike, little is left of a matrix after a few reflections, and then only the rounding of rounding.
func TestEigenWhereManyRowsAreAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for try := range 40 {
		n, kinds := 100+r.IntN(50), 2+r.IntN(6)
		kind, places := make([]int, n), make([]float64, kinds)
		for i := range kind {
			kind[i] = r.IntN(kinds)
		}
		for k := range places {
			places[k] = float64(r.IntN(5)) / 8
		}
		table := make([][]int64, n)
		a := make([][]float64, n)
		for i := range a {
			a[i] = make([]float64, n)
			for j := range i + 1 {
				a[i][j] = places[kind[i]]*places[kind[j]] + float64(kind[i]*kind[j])/3
				a[j][i] = a[i][j]
				if j < i {
					table[i] = append(table[i], int64(8*math.Abs(places[kind[i]]-places[kind[j]]))+int64((kind[i]-kind[j])*(kind[i]-kind[j])))
				}
			}
		}
		values, vectors := landscape.Eigen(a)
		for i, v := range vectors {
			length := 0.0
			for _, c := range v {
				length += c * c
			}
			if !(math.Abs(length-1) < 1e-9) || math.IsNaN(values[i]) {
				t.Fatalf("try %d, %d rows of %d kinds: value %v has a vector of length² %v", try, n, kinds, values[i], length)
			}
		}
		x, y := landscape.FromTable(table, 60).Scale()
		for i := range n {
			j := slices.Index(kind, kind[i])
			if !(math.Abs(x[i]-x[j]) < 2e-6) || !(math.Abs(y[i]-y[j]) < 2e-6) {
				t.Fatalf("try %d, %d rows of %d kinds: alike, but at %v, %v and %v, %v", try, n, kinds, x[i], y[i], x[j], y[j])
			}
		}
	}
}
