package relay

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Names are those of the feeds.
var Names = []string{"positionChanged", "endorsementChanged", "convergenceChanged", "eventRecorded"}

// documents are what is asked of the server for each feed. What they select only ever grows: it is what receivers rely on.
//
//go:embed feeds/*.graphql
var documents embed.FS

// Feed is a feed with its arguments.
type Feed struct {
	Name string
	// Arguments are the field's own but for after, in JSON: {"filter":{…}}, or of convergenceChanged {"target":{…},"by":0.1}.
	Arguments map[string]any
	document  string
}

// ParseFeed makes a feed of its name and a filter in JSON, which may be empty. Of convergenceChanged the filter has the arguments
// target and by, of the others it is the argument of that name.
func ParseFeed(name, filter string) (Feed, error) {
	if !slices.Contains(Names, name) {
		return Feed{}, fmt.Errorf("%q is no feed; there are %s", name, strings.Join(Names, ", "))
	}
	f := Feed{Name: name, Arguments: map[string]any{}}
	text, err := documents.ReadFile("feeds/" + name + ".graphql")
	if err != nil {
		return Feed{}, err // unreachable: a test reads them all.
	}
	f.document = string(text)
	if filter == "" {
		return f, nil
	}
	var members map[string]any
	d := json.NewDecoder(strings.NewReader(filter))
	d.UseNumber()
	if err := d.Decode(&members); err != nil || members == nil || d.More() {
		return Feed{}, fmt.Errorf(`the filter %s is no JSON object; write it as in {"proposal": "programme-of-action"}`, filter)
	}
	if name != "convergenceChanged" {
		f.Arguments["filter"] = members
		return f, nil
	}
	for member, value := range members {
		if member != "target" && member != "by" {
			return Feed{}, fmt.Errorf(`%q is no argument of convergenceChanged; its filter has "target" and "by"`, member)
		}
		f.Arguments[member] = value
	}
	return f, nil
}

// subject says in short what a message is about: the attribute subject of a CloudEvent. It is empty where that is more than one thing.
func (f Feed) subject(data []byte) string {
	var m struct {
		Position struct {
			Actor  struct{ Code string }
			Target struct{ TargetKey string }
		}
		Endorsements []struct{ Proposal struct{ Slug string } }
		Changes      []struct{ Target struct{ TargetKey string } }
		Event        struct{ Stream string }
	}
	if json.NewDecoder(bytes.NewReader(data)).Decode(&m) != nil {
		return ""
	}
	switch {
	case m.Position.Actor.Code != "":
		return m.Position.Actor.Code + "/" + m.Position.Target.TargetKey
	case len(m.Endorsements) > 0:
		return "proposal:" + m.Endorsements[0].Proposal.Slug // One event is about one proposal.
	case len(m.Changes) == 1:
		return m.Changes[0].Target.TargetKey
	}
	return m.Event.Stream
}
