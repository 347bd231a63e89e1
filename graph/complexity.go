package graph

import (
	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/generated"
	"github.com/rapporteur/rapporteur/graph/model"
	"github.com/rapporteur/rapporteur/graph/relay"
	"github.com/rapporteur/rapporteur/projections"
)

// DefaultComplexity is the most that an operation may cost, by default. The unit is a field of the answer, a few microseconds of
// a processor. The standings of all Member States on all targets, with evidence and sources, cost 230,000 of it.
const DefaultComplexity = 300_000

// How many elements lists have that no argument bounds: what is usual for a negotiation, rounded up.
const (
	someStates      = 200 // The Member States, and whoever else.
	someTargets     = 60
	someProposals   = 20
	someElements    = 12
	someOptions     = 8 // Of an element; a proposal takes some from each.
	someGroups      = 20
	someMembers     = 100
	someSessions    = 20
	someSubmissions = 4
	someVotes       = 4
	someEvidence    = 3
	somePoints      = 4
	someNamed       = 20    // States that a group's statement names.
	someDays        = 50    // On which a figure changed.
	someParagraphs  = 30    // Of a document.
	someRuns        = 8     // Of a paragraph that was changed; the others have one.
	someCells       = 6_000 // What the cells of a whole matrix cost, which are words and no objects.
)

// What is computed before the first field is told.
const (
	oneNode      = 10      // To read an id and look up what it names.
	twoStates    = 20      // To look two States up on all targets.
	twoDocuments = 140_000 // To compare hostile ones: the bounds of package comparison come to half a second at most, so one operation has two.
	twoBoards    = 100     // To find where all States stand on a target at two moments, and why not where they stood.
	allPairs     = 500     // To compare every two of the Member States.
	wholeMap     = 20_000  // To draw the landscape, once for a moment.
)

// costs says what fields cost: a list, what its elements do.
func costs() generated.ComplexityRoot {
	var c generated.ComplexityRoot

	c.Query.Nodes = func(child int, ids []string) int { return times(len(ids), child+oneNode) }
	c.Query.States = func(child int, region *domain.RegionalGroup, group *string, _ *model.AsOf) int {
		switch {
		case region != nil:
			return times(someStates/4, child)
		case group != nil:
			return times(someMembers, child)
		}
		return times(someStates, child)
	}
	c.Query.Groups = func(child int, _ *model.AsOf) int { return times(someGroups, child) }
	c.Query.Sessions = func(child int, _ *string, _ *model.AsOf) int { return times(someSessions, child) }
	c.Query.Elements = func(child int, _ *model.AsOf) int { return times(someElements, child) }
	c.Query.Convergence = func(child int, targets []*model.TargetRef, elements []string, proposals bool, _ *model.AsOf) int {
		n := someTargets
		if targets != nil {
			n = min(n, len(targets))
		}
		if elements != nil {
			n = min(n, someOptions*len(elements))
		}
		return times(n, child)
	}
	c.Query.CommonGround = func(child int, _, _, _ float64, _ *model.AsOf) int { return times(someTargets/2, child) }
	c.Query.Proposals = func(child int, _ *model.ProposalFilter, first *int, _ *string, _ *model.AsOf) int {
		return page(first, child)
	}
	c.Query.Positions = func(child int, _ *model.PositionFilter, first *int, _ *string, _ *model.AsOf) int {
		return page(first, child)
	}
	c.Query.Endorsements = func(child int, _ *model.EndorsementFilter, first *int, _ *string, _ *model.AsOf) int {
		return page(first, child)
	}
	c.Query.Events = func(child int, _ *model.EventFilter, first *int, _ *string, _ *model.AsOf) int {
		return page(first, child)
	}
	c.Query.Affinity = func(child int, _, _ string, _ *model.AsOf) int { return child + twoStates }
	// All pairs are compared, however few are shown.
	c.Query.Affinities = func(child int, _ []string, _ int, first *int, _ *string, _ *model.AsOf) int {
		return page(first, child) + allPairs
	}
	c.Query.Changes = func(child int, _ model.AsOf, _ *model.AsOf, _ []string, targets []*model.TargetRef, _ []projections.ChangeCause, first *int, _ *string) int {
		n := someTargets
		if targets != nil {
			n = min(n, len(targets))
		}
		return page(first, child) + n*twoBoards
	}
	c.Query.Landscape = func(child int, _ int, _ *model.AsOf) int { return child + wholeMap }
	c.Landscape.Places = few(someStates)
	c.Landscape.Clusters = few(5)
	c.Landscape.Bridges = few(someStates / 2)
	c.Cluster.Members = few(someStates / 4)
	c.Cluster.Distinguishing = few(someTargets / 4)
	c.Bridge.Clusters = func(int) int { return 2 }
	c.StandingChange.Evidence = few(someEvidence)

	c.Query.CompareDocuments = func(child int, _, _ string, _ *model.AsOf) int { return child + twoDocuments }
	c.DocumentComparison.Paragraphs = few(2 * someParagraphs)
	c.ParagraphComparison.Runs = few(someRuns)
	// What one message of a feed costs: most have one act and one target; a vote has one of each State, and a membership touches all.
	c.EndorsementChange.Endorsements = few(someStates)
	c.ConvergenceChange.Changes = few(someTargets)

	c.State.Groups = func(child int, _ *model.AsOf) int { return times(someGroups/4, child) }
	c.State.Positions = c.Query.Positions
	c.State.Endorsements = c.Query.Endorsements
	c.Group.Members = func(child int, _ *model.AsOf) int { return times(someMembers, child) }
	c.Group.Positions = c.Query.Positions

	c.Proposal.Submitters = few(someNamed)
	c.Proposal.Submissions = few(someSubmissions)
	c.Proposal.Documents = few(someSubmissions)
	c.Proposal.Options = few(someElements)
	c.Proposal.Votes = func(child int, _ *model.AsOf) int { return times(someVotes, child) }
	c.Proposal.Endorsements = c.Query.Endorsements
	c.Proposal.Positions = c.Query.Positions
	c.Proposal.History = func(child int, first *int, _ *string) int { return page(first, child) }
	c.Overlap.Shared = few(someElements)
	c.Overlap.Differing = few(someElements)
	c.ElementDifference.Ours = few(someOptions / 4)
	c.ElementDifference.Theirs = few(someOptions / 4)
	c.Submission.Submitters = few(someNamed)
	c.Submission.Options = few(someElements)
	c.Document.Paragraphs = few(someParagraphs)
	c.Element.Options = few(someOptions)
	c.Option.Proposals = func(child int, _ *model.AsOf) int { return times(someProposals/4, child) }
	c.Option.Positions = c.Query.Positions

	c.Position.AlignedWith = few(someNamed)
	c.Position.Dissociated = few(someNamed / 10)
	c.Position.Points = few(somePoints)
	c.Position.Corrections = few(1)
	c.Vote.Ballots = func(child int, _ []domain.Ballot) int { return times(someStates, child) }

	c.Convergence.Objectors = few(someStates / 4)
	c.Convergence.Undeclared = few(someStates)
	c.Convergence.ByRegionalGroup = few(len(domain.RegionalGroups))
	c.Convergence.Standings = func(child int, stances []domain.Stance, region domain.RegionalGroup) int {
		n := someStates
		if stances != nil {
			n /= 2
		}
		if region != 0 {
			n /= 4
		}
		return times(n, child)
	}
	c.Convergence.OpenPoints = func(child int, _ []domain.PointKind, first *int, _ *string) int { return page(first, child) }
	// A point is computed from the evidence as of its day, which costs more than to write it.
	c.Convergence.Timeline = func(child int, _, _ domain.Date) int { return times(someDays, child+20) }
	c.Standing.Evidence = few(someEvidence)

	c.Matrix.States = few(someStates)
	c.Matrix.Targets = few(someTargets)
	c.Matrix.Rows = few(someStates / 10)
	c.Matrix.Stances = func(int) int { return someCells }
	c.Matrix.Bases = func(int) int { return someCells }

	// Read from the log, hashed, and long.
	c.Event.Data = few(5)
	c.Event.Leaf = few(5)
	c.Event.LeafHash = few(5)
	return c
}

// few is the cost of a list of so many elements.
func few(n int) func(child int) int { return func(child int) int { return times(n, child) } }

// page is the cost of a page: what the connection tells besides its nodes is counted as if it were told of each.
func page(first *int, child int) int {
	n := relay.DefaultFirst
	if first != nil {
		n = *first
	}
	return times(max(0, min(n, relay.MaxFirst)), child)
}

// times multiplies without running over: beyond the largest limit that anybody sets, more is no difference.
func times(n, child int) int {
	const most = 1 << 40
	if n <= 0 || child <= 0 {
		return 1
	}
	if child > most/n {
		return most
	}
	return 1 + n*child
}
