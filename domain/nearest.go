package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest gives those of the known words that somebody may have meant by a word: at most three, best first, none where
// nothing is near. Upper and lower case are alike. Near is a word that begins with the other or lies few single changes of a
// character away (Levenshtein 1966): one for every three characters of the word, and at least one.
func Nearest(word string, known []string) []string {
	const longest = 128 // Characters beyond which nothing resembles a key.
	folded := []rune(strings.ToLower(word))
	if len(folded) == 0 || len(folded) > longest {
		return nil
	}
	type candidate struct {
		word string
		far  int
	}
	var near []candidate
	most := max(1, len(folded)/3)
	for _, k := range known {
		other := []rune(strings.ToLower(k))
		if len(other) == 0 || len(other) > longest {
			continue
		}
		far := most + 1
		if d := len(other) - len(folded); d <= most && -d <= most {
			far = distance(folded, other)
		}
		if far > most && (startsWith(other, folded) || startsWith(folded, other)) {
			far = most // A beginning is as good as the last distance that counts.
		}
		if far <= most {
			near = append(near, candidate{word: k, far: far})
		}
	}
	slices.SortFunc(near, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.word, b.word)) })
	var best []string
	for _, n := range near {
		if !slices.Contains(best, n.word) && len(best) < 3 {
			best = append(best, n.word)
		}
	}
	return best
}

// startsWith says whether a word begins with two characters or more of another, all of it.
func startsWith(word, beginning []rune) bool {
	return len(beginning) > 1 && len(word) >= len(beginning) && slices.Equal(word[:len(beginning)], beginning)
}

// distance is the least number of characters to insert, delete or replace to make one word the other.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ra := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, rb := range b {
			replaced := diagonal
			if ra != rb {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
