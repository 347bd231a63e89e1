// Package oracle answers the read model's questions by brute force, for tests only: nothing but a test may import it.
//
// It is written from the rules alone, in the simplest code that follows them sentence by sentence, and recomputes everything
// from the list of events for each question. The read model, which keeps indexes and histories to be quick, is compared with
// it over small worlds (package history). It knows nothing of the read model, so that one misreading is not made twice.
//
// The record is taken as valid: what the deciders refuse does not occur in it. No fact is dated on 1 January of the year 1.
//
// # Where the rules leave a choice
//
//   - endedOn is the first of the day of the position's own withdrawal and the own days of all positions of the same actor on
//     the same target that come after it in the list (own day, then recording) and are in force at the moment. A replacement
//     that was itself taken back ends nothing any more, even if it did between the two.
//   - openPoints chooses each actor's latest position in the order of evidence (a position that explains an act counts with
//     the later day), but lists what it chose as lists go: by the position's own day.
//   - openPoints(kinds) narrows the four open kinds: VIEW and OFFER give nothing.
//   - An adoption stands at (P, D) once it is recorded and its day reached, even where a revision that was recorded before it
//     is dated after it, so that the status is REVISED. A proposal withdrawn likewise supports nothing any more, whatever
//     the day of its submissions.
//   - timeline without from: its first point is the first day on which a Member State has a stance, or the proposal is adopted,
//     with a vote or without, even if no figure changed that day. With from before the target exists: the point of from shows
//     nobody as having declared, and later admissions give points.
//   - mergedInto and supersededBy are null where that proposal does not exist at the moment.
//   - A revision is as chair only if it says so itself, also where it keeps the submitters of one that was. What it does not
//     give, it keeps from the submission before it by day, then recording, of those at the moment.
//   - A submitter whom a later revision does not name any more still supports by the earlier submission.
//   - Lists without an order of their own (submitters, options, alignedWith, dissociated) are given by code or key.
//   - changes compares B with E by B's day as it counts at `to`. OTHER_TEXT needs two symbols that differ: an act or a submission
//     without one is on no other text. An intended ballot took the stance where B is a ballot whose kind is another at `to`.
//     Of its evidence only the first item is fixed.
//   - In positionChanged the earlier one is the latest, by own day, then recording, of those in force before.
//   - endorsementChanged leaves out of a vote what the filter does not let through. The declaration of an intended ballot gives
//     the ballot anew.
//   - In convergenceChanged the difference of two agreements is a figure too: exact, then the nearest float64, then compared.
//   - Evidence of groups is ordered as all evidence, so that on one day a group's statement comes before another group's act.
package oracle
