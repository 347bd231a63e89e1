package model

import "github.com/rapporteur/rapporteur/domain"

// DefineElementInput defines an aspect on which proposals differ.
type DefineElementInput struct {
	Key            string  `json:"key"`
	Label          string  `json:"label"`
	Description    *string `json:"description,omitempty"`
	IdempotencyKey *string `json:"-"`
}

// DefineOptionInput defines one answer to an element.
type DefineOptionInput struct {
	Element        string  `json:"element"`
	Key            string  `json:"key"`
	Label          string  `json:"label"`
	Description    *string `json:"description,omitempty"`
	IdempotencyKey *string `json:"-"`
}

// RetireOptionInput closes an option to new positions.
type RetireOptionInput struct {
	Element        string  `json:"element"`
	Key            string  `json:"key"`
	Reason         string  `json:"reason"`
	IdempotencyKey *string `json:"-"`
}

// ElementPayload answers a command on an element.
type ElementPayload struct {
	Element *Element
	At      uint64
}

// OptionPayload answers a command on an option.
type OptionPayload struct {
	Option *Option
	At     uint64
}

// LocalizedNameInput is a name in one language.
type LocalizedNameInput struct {
	Language   domain.Language `json:"language"`
	Name       string          `json:"name"`
	FormalName *string         `json:"formalName,omitempty"`
}

// AdmitStateInput brings a State into the record.
type AdmitStateInput struct {
	Code           string               `json:"code"`
	Names          []LocalizedNameInput `json:"names"`
	RegionalGroup  domain.RegionalGroup `json:"regionalGroup,omitzero"`
	Observer       bool                 `json:"observer"`
	AdmittedOn     domain.Date          `json:"admittedOn,omitzero"`
	Aliases        []string             `json:"aliases,omitempty"`
	IdempotencyKey *string              `json:"-"`
}

// StatePayload answers a command on a State.
type StatePayload struct {
	State *State
	At    uint64
}

// DefineGroupInput defines a group of States.
type DefineGroupInput struct {
	Code           string               `json:"code"`
	Kind           domain.GroupKind     `json:"kind"`
	Names          []LocalizedNameInput `json:"names"`
	IdempotencyKey *string              `json:"-"`
}

// ChangeGroupMembershipInput records when a State was a member of a group.
type ChangeGroupMembershipInput struct {
	Group          string       `json:"group"`
	State          string       `json:"state"`
	From           domain.Date  `json:"from,omitzero"`
	Until          domain.Date  `json:"until,omitzero"`
	Source         *SourceInput `json:"source,omitempty"`
	IdempotencyKey *string      `json:"-"`
}

// GroupPayload answers a command on a group.
type GroupPayload struct {
	Group *Group
	At    uint64
}

// DefineSessionInput defines a session of a body.
type DefineSessionInput struct {
	Key            string              `json:"key"`
	Name           string              `json:"name"`
	Forum          string              `json:"forum"`
	StartsOn       domain.Date         `json:"startsOn"`
	EndsOn         domain.Date         `json:"endsOn"`
	DecisionRule   domain.DecisionRule `json:"decisionRule"`
	IdempotencyKey *string             `json:"-"`
}

// SessionPayload answers a command on a session.
type SessionPayload struct {
	Session *Session
	At      uint64
}
