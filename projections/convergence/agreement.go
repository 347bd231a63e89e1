package convergence

// scale is a common denominator of the agreement of all patterns of five places.
const scale = 72

// patterns has, for each set of stances (bit i for place i), the agreement of a layer with that pattern, times scale.
var patterns = func() (table [32]int64) {
	for p := 1; p < 32; p++ {
		num, den := layerAgreement(p, 5)
		table[p] = scale * num / den // The division leaves no rest.
	}
	return table
}()

// layerAgreement is A_layer of a pattern of k places, at least three (RULES, section 5; van der Eijk, Quality & Quantity 35, 2001).
func layerAgreement(pattern, k int) (num, den int64) {
	at := func(i int) bool { return pattern>>i&1 == 1 }
	places, s, tu, tdu := int64(k), int64(0), int64(0), int64(0)
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
		return 1, 1
	case places:
		return 0, 1
	}
	// U · (1 − (S−1)/(k−1)), with U = ((k−2)·TU − (k−1)·TDU) / ((k−2)·(TU+TDU)).
	return ((places-2)*tu - (places-1)*tdu) * (places - s), (places - 2) * (tu + tdu) * (places - 1)
}

// peel takes counts apart into layers, and them down to zero. Of each layer it tells the pattern and how much of the whole it is.
func peel(counts []int, layer func(pattern int, mass int64)) {
	for {
		pattern, least, ones := 0, 0, 0
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
			return
		}
		layer(pattern, int64(least)*int64(ones))
		for i := range counts {
			if counts[i] > 0 {
				counts[i] -= least
			}
		}
	}
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
	peel(counts[:], func(pattern int, mass int64) { sum += mass * patterns[pattern] })
	return Ratio{sum, scale * n}
}
