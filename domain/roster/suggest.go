package roster

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Suggest gives the codes that a word may have meant, best first, at most five.
func (x *Index) Suggest(word string) []string {
	if found := x.Find(word); len(found) > 0 {
		return found
	}
	codes, _ := x.suggest(word)
	return codes
}

// most is how many suggestions help.
const most = 5

// suggest says also whether the word is part of the names of several of those codes, so that it is ambiguous, not misspelt.
func (x *Index) suggest(word string) (codes []string, ambiguous bool) {
	folded := []rune(Fold(word))
	if len(folded) == 0 || len(folded) > 200 { // Nobody mistypes a name that long; the distance below is quadratic.
		return nil, false
	}
	best := map[string]int{}
	note := func(code string, rank int) {
		if old, ok := best[code]; !ok || rank < old {
			best[code] = rank
		}
	}
	// A part of a name: "Korea", "Bolivarian Republic", 朝鲜民主.
	for _, n := range x.names {
		if n.contains(string(folded)) {
			note(n.code, len(n.folded)-len(folded))
		}
	}
	part := len(best) > 0
	if !part {
		allowed := slack(len(folded))
		for _, n := range x.names {
			if d := distance(folded, n.folded, allowed); d <= allowed {
				note(n.code, d)
			}
		}
		if len(best) == 0 && len(folded) > 2 { // Then a code may be meant; of two letters any code has one.
			for code := range x.label {
				limit := min(allowed, len(code)/3)
				if d := distance(folded, []rune(Fold(code)), limit); d <= limit {
					note(code, d)
				}
			}
		}
	}
	least := math.MaxInt
	for _, rank := range best {
		least = min(least, rank)
	}
	for code, rank := range best {
		if part || rank <= least+1 {
			codes = append(codes, code)
		}
	}
	slices.SortFunc(codes, func(a, b string) int {
		return cmp.Or(cmp.Compare(best[a], best[b]), cmp.Compare(a, b))
	})
	// A word that is part of a great many names (Republic) names none of them.
	ambiguous = part && len(codes) > 1 && len(codes) <= most
	return codes[:min(len(codes), most)], ambiguous
}

// contains says whether the word is a part of the name: words of it that follow one another, the last of them perhaps cut
// short, or in Chinese, which has no blanks, any run of characters.
func (n name) contains(folded string) bool {
	parts := words(folded)
	if len(parts) == 0 || len(parts) > len(n.words) {
		return false
	}
	if len(n.words) == 1 && isHan(folded) {
		return strings.Contains(string(n.folded), folded)
	}
	for at := 0; at+len(parts) <= len(n.words); at++ {
		last := at + len(parts) - 1
		if !slices.Equal(n.words[at:last], parts[:len(parts)-1]) {
			continue
		}
		if end := parts[len(parts)-1]; n.words[last] == end || len([]rune(end)) >= 3 && strings.HasPrefix(n.words[last], end) {
			return true
		}
	}
	return false
}

// words splits a folded name at blanks, hyphens and brackets.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool { return strings.ContainsRune(" -(),;.、", r) })
}

func isHan(s string) bool {
	for _, r := range s {
		if r >= 0x3400 && r <= 0x9fff {
			return true
		}
	}
	return false
}

// slack is how many slips of the pen a word of n characters may have.
func slack(n int) int {
	switch {
	case n < 2:
		return 0
	case n < 6:
		return 1
	case n < 10:
		return 2
	}
	return 3
}

// distance is how many characters must be put in, taken out, changed or swapped with their neighbour to make b of a (optimal
// string alignment); some number above the limit where it is above it.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last, now := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			now[j] = min(change, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
			least = min(least, now[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
