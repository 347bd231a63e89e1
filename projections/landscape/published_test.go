package landscape_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rapporteur/rapporteur/projections/landscape"
)

// TestScalingOfEurodist compares with what R gives for the same distances. R's axes may point either way; ours do not: the second
// axis has Stockholm, the farthest, on its positive side.
func TestScalingOfEurodist(t *testing.T) {
	text, err := os.ReadFile("testdata/eurodist.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want [2][]float64
	var cities []string
	var behind [][]int64
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		head, tail, _ := strings.Cut(line, "|")
		w := strings.Fields(head)
		cities = append(cities, w[0])
		for axis := range want {
			v, err := strconv.ParseFloat(w[1+axis], 64)
			if err != nil {
				t.Fatal(err)
			}
			want[axis] = append(want[axis], v)
		}
		var distances []int64
		for _, d := range strings.Fields(tail) {
			n, err := strconv.ParseInt(d, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			distances = append(distances, n)
		}
		behind = append(behind, distances)
	}
	table := make([][]int64, len(cities))
	for i := range table {
		for j := range i {
			table[i] = append(table[i], behind[j][i-j-1])
		}
	}
	x, y := landscape.FromTable(table, 1).Scale()
	for i, city := range cities {
		if math.Abs(x[i]-want[0][i]) > 1e-5 || math.Abs(y[i]+want[1][i]) > 1e-5 {
			t.Errorf("%s lies at %f, %f; R has %f, %f", city, x[i], y[i], want[0][i], -want[1][i])
		}
	}
}

// The example of UPGMA that teaching texts take (the 5S ribosomal RNA of five bacteria): a and b join at 17, then e at 22, then c and d
// at 28, and all at 33.
func TestAverageLinkageByHand(t *testing.T) {
	d := landscape.FromTable([][]int64{{}, {17}, {21, 30}, {31, 34, 28}, {23, 21, 39, 43}}, 1)
	for k, want := range map[int]string{4: "[[0 1] [2] [3] [4]]", 3: "[[0 1 4] [2] [3]]", 2: "[[0 1 4] [2 3]]"} {
		if got := fmt.Sprint(d.Cut(k)); got != want {
			t.Errorf("%d clusters are %s, want %s", k, got, want)
		}
	}
	// Silhouettes of the two, by hand: a has (17+23)/2 = 20 within and (21+31)/2 = 26 apart, so 6/26; b (17+21)/2 = 19 and 32,
	// so 13/32; e 22 and 41, so 19/41; c 28 within and (21+30+39)/3 = 30 apart, so 2/30; d 28 and 36, so 8/36.
	want := (6.0/26 + 13.0/32 + 19.0/41 + 2.0/30 + 8.0/36) / 5
	if got := d.Silhouette(d.Cut(2)); math.Abs(got-want) > 1e-9 {
		t.Errorf("the mean silhouette is %v, want %v", got, want)
	}
	// Of three, c and d are alone and have 0; a has 20 and 21, so 1/21; b 19 and 30, so 11/30; e 22 and 39, so 17/39.
	want = (1.0/21 + 11.0/30 + 17.0/39) / 5
	if got := d.Silhouette(d.Cut(3)); math.Abs(got-want) > 1e-9 {
		t.Errorf("the mean silhouette of three is %v, want %v", got, want)
	}
	if got := fmt.Sprint(d.Clusters()); got != "[[0 1 4] [2 3]]" {
		t.Errorf("the clusters are %s", got)
	}
}

func TestTiesAndEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		table [][]int64
		want  string
	}{
		{"nobody", nil, "[]"},
		{"one", [][]int64{{}}, "[[0]]"},
		{"three are too few to tell apart", [][]int64{{}, {1}, {9, 9}}, "[[0 1 2]]"},
		{"all distances 0", [][]int64{{}, {0}, {0, 0}, {0, 0, 0}}, "[[0 1 2 3]]"},
		{"numbered by size", [][]int64{{}, {9}, {9, 1}, {9, 1, 1}}, "[[1 2 3] [0]]"},
		{"of one size by the lowest", [][]int64{{}, {9, 0}, {9, 1, 0}, {1, 9, 9, 0}}, "[[0 3] [1 2]]"},
		// All as far from each other: the first two join, then the third to them. Two, three and four clusters have the silhouette 0.
		{"a tie takes the smallest k", [][]int64{{}, {5}, {5, 5}, {5, 5, 5}}, "[[0 1 2] [3]]"},
		{"two pairs at one distance", [][]int64{{}, {1}, {7, 7}, {7, 7, 1}}, "[[0 1] [2 3]]"},
	} {
		if got := fmt.Sprint(landscape.FromTable(c.table, 9).Clusters()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	// A square: its two axes have one eigenvalue. The lowest State is on the positive side of both, or in the middle.
	x, y := landscape.FromTable([][]int64{{}, {10}, {14, 10}, {10, 14, 10}}, 10).Scale()
	for _, axis := range [][]float64{x, y} {
		largest := 0.0
		for _, v := range axis {
			largest = max(largest, math.Abs(v))
			if v == 0 && math.Signbit(v) {
				t.Error("a negative zero")
			}
		}
		if i := slices.IndexFunc(axis, func(v float64) bool { return math.Abs(v) == largest }); axis[i] < 0 {
			t.Errorf("the axis %v has its first largest on the negative side", axis)
		}
	}
}
