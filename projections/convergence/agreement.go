package convergence

// scale is a common denominator of the agreement of all patterns of five places.
const scale = 72

// patterns has, for each set of stances (bit i for place i), the agreement of a layer with that pattern, times scale.
var patterns = func() (table [32]int64) {
	for p := 1; p < 32; p++ {
		table[p] = patternAgreement(p)
	}
	return table
}()

// patternAgreement is A_layer · scale of a pattern (RULES, section 5; van der Eijk, Quality & Quantity 35, 2001).
func patternAgreement(pattern int) int64 {
	const k = 5
	at := func(i int) bool { return pattern>>i&1 == 1 }
	s, tu, tdu := int64(0), int64(0), int64(0)
	for i := range k {
		if at(i) {
			s++
		}
		for j := i + 1; j < k; j++ {
			for l := j + 1; l < k; l++ {
				switch {
				case at(i) && at(j) && !at(l), !at(i) && at(j) && at(l):
					tu++
				case at(i) && !at(j) && at(l):
					tdu++
				}
			}
		}
	}
	switch s {
	case 1:
		return scale
	case k:
		return 0
	}
	// U · (1 − (S−1)/(k−1)), with U = ((k−2)·TU − (k−1)·TDU) / ((k−2)·(TU+TDU)); the division leaves no rest.
	num := ((k-2)*tu - (k-1)*tdu) * (k - s)
	den := (k - 2) * (tu + tdu) * (k - 1)
	return scale * num / den
}

// Agreement is van der Eijk's A over the counts of five ordered places, exact; null where all counts are 0.
func Agreement(counts [5]int) Ratio {
	var sum, n int64
	for _, c := range counts {
		n += int64(c)
	}
	if n == 0 {
		return Ratio{}
	}
	for {
		pattern, least, ones := 0, 0, int64(0)
		for i, c := range counts {
			if c == 0 {
				continue
			}
			pattern |= 1 << i
			ones++
			if least == 0 || c < least {
				least = c
			}
		}
		if pattern == 0 {
			return Ratio{sum, scale * n}
		}
		sum += int64(least) * ones * patterns[pattern]
		for i := range counts {
			if counts[i] > 0 {
				counts[i] -= least
			}
		}
	}
}
