// Package comparison lays two documents side by side: which paragraphs were kept, moved, changed, added and deleted, and within
// the changed ones which words. It is pure, and knows nothing of a record.
//
// How paragraphs find each other. Those with the same text do first, the first with the first where a text stands more than once.
// Of the others, those that are alike: similarity is twice the number of words that both have, a word as often as both have it, over
// the number of words of the two (Dice 1945); the most alike pair first, at least one half, on a tie the earlier in the first
// document, then in the second. A number or kind that differs separates nothing: whoever inserts a paragraph renumbers the rest.
// Of the pairs, as many as possible are taken to stand in order (a longest increasing subsequence); the others were moved.
//
// What a word is. The segments of Unicode's rules for word boundaries (UAX 29), with letters and digits in them; they break
// Chinese into its characters, and serve Arabic, English, French, Russian and Spanish alike. Nothing is folded: the text counts.
//
// Runs. A changed paragraph is a sequence of runs: kept, deleted, inserted. Kept and deleted together are the text in the first
// document, kept and inserted that in the second, character for character. Between two kept runs stand at most one deleted and one
// inserted, in this order; space alone is never kept between changes.
//
// Bounds. Time grows with the square of what is compared, so it is bounded by a number of steps, not by a clock: the same
// documents give the same comparison on every machine.
//   - Where comparing all paragraphs that are left over with one another would take more than 15,000,000 steps, a word a step, each
//     is compared only with those that stand nearest to the same place in the other document.
//   - Words are compared as long as the products of the numbers of words on both sides, less what is alike at the beginnings and ends,
//     sum up to 10,000,000 at most, the cheapest paragraphs first. What is beyond is compared by sentences, and what is beyond that,
//     as a whole.
//
// Why go-diff (github.com/sergi/go-diff): Myers' algorithm (1986) in linear memory over any sequence of numbers, and not only over
// lines; without a time-out, which is how it is used here, it asks no clock.
package comparison
