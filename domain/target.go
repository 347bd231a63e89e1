package domain

import (
	"cmp"
	"strings"
)

// OptionRef names an option by its element and its key within it.
type OptionRef struct {
	Element string `json:"element"`
	Option  string `json:"option"`
}

// Target is what a position is about: a proposal, or an option. Exactly one of the two is named.
type Target struct {
	Proposal string    `json:"proposal,omitzero"`
	Option   OptionRef `json:"option,omitzero"`
}

// OnProposal is the target that is the proposal itself.
func OnProposal(slug string) Target { return Target{Proposal: slug} }

// OnOption is the target that is an option.
func OnOption(element, option string) Target {
	return Target{Option: OptionRef{Element: element, Option: option}}
}

// IsProposal says whether the target is a proposal.
func (t Target) IsProposal() bool { return t.Proposal != "" }

// Key gives the target's key: proposal:<slug> or option:<element>/<key>.
func (t Target) Key() string {
	if t.IsProposal() {
		return "proposal:" + t.Proposal
	}
	return "option:" + t.Option.Element + "/" + t.Option.Option
}

// ParseTarget reads a target's key. It does not check that the target exists.
func ParseTarget(key string) (Target, bool) {
	if slug, ok := strings.CutPrefix(key, "proposal:"); ok && slug != "" {
		return OnProposal(slug), true
	}
	if rest, ok := strings.CutPrefix(key, "option:"); ok {
		if element, option, ok := strings.Cut(rest, "/"); ok && element != "" && option != "" {
			return OnOption(element, option), true
		}
	}
	return Target{}, false
}

// Compare orders targets by their keys, byte by byte.
func (t Target) Compare(u Target) int { return cmp.Compare(t.Key(), u.Key()) }

// ActRef names a formal act or a recorded vote: the revision of its EndorsementGiven or VoteRecorded in the stream
// endorsement-<proposal>. Of a vote, the ballot of the actor in question is meant.
type ActRef struct {
	Proposal string `json:"proposal"`
	Revision int64  `json:"revision"`
}
