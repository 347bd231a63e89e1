package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapporteur/rapporteur/domain"
	"github.com/rapporteur/rapporteur/graph/auth"
)

type tokenCommand struct {
	storeFlag
	tokenKeyFlag
	Subject string   `placeholder:"NAME" help:"Who it is for: recordings by it stand under this name for ever."`
	Role    []string `placeholder:"ROLE" help:"What it may do: READER asks; RECORDER also records; EDITOR also defines and corrects what others recorded. May be repeated."`
	Expires string   `default:"24h" placeholder:"WHEN" help:"How long it is valid: a duration (12h, 30d), a day (through its end, UTC) or an instant (default ${default})."`
	Rotate  bool     `help:"Make a new key first, with which tokens are signed from now on; tokens of the keys before stay valid."`
	Retire  bool     `help:"With --rotate: take the keys before out of the file, which ends every token that they signed, at once."`
	JSON    bool     `help:"Print as JSON."`
}

type tokenReport struct {
	Token   string    `json:"token"`
	Subject string    `json:"subject"`
	Roles   []string  `json:"roles"`
	Expires time.Time `json:"expires"`
}

// Run makes a token and prints it alone, so that a shell can put it into a variable.
func (c *tokenCommand) Run(out output) error {
	now := time.Now()
	p := auth.Principal{Subject: c.Subject}
	var err error
	switch {
	case c.Retire && !c.Rotate:
		return &usage{"--retire takes all keys out of the file but a new one; give --rotate too"}
	case c.Subject == "" && len(c.Role) == 0 && c.Rotate: // The keys alone.
	default:
		if err := auth.CheckSubject(c.Subject); err != nil {
			return &usage{"--subject: " + err.Error()}
		}
		for i, word := range c.Role {
			c.Role[i] = strings.ToUpper(word)
		}
		if p.Roles, err = auth.ParseRoles(c.Role); err != nil {
			return &usage{"--role: " + err.Error()}
		}
		if p.Expires, err = expiry(c.Expires, now); err != nil {
			return err
		}
	}
	file, err := c.file(c.storeFlag)
	if err != nil {
		return err
	}
	keys, made, err := auth.OpenKeys(file)
	if err != nil {
		return err
	}
	if made {
		fmt.Fprintf(out.err, "made a key to sign tokens with: %s\n", file)
	} else if c.Rotate {
		if err := keys.Rotate(c.Retire); err != nil {
			return err
		}
	}
	if p.Subject == "" {
		return nil
	}
	token, err := (&auth.Tokens{Keys: keys}).Mint(p)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(out, tokenReport{Token: token, Subject: p.Subject, Roles: c.Role, Expires: p.Expires})
	}
	_, err = fmt.Fprintln(out.out, token)
	return err
}

// expiry reads when a token ends.
func expiry(text string, now time.Time) (time.Time, error) {
	wrong := &usage{fmt.Sprintf("--expires %q is no time to come; write a duration (12h, 30d), a day (2027-01-31) or an instant (2027-01-31T12:00:00Z)", text)}
	end, err := time.Parse(time.RFC3339, text)
	if err != nil {
		if day, dayErr := domain.ParseDate(text); dayErr == nil {
			end, err = (day + 1).Time(), nil
		} else if days, ok := strings.CutSuffix(text, "d"); ok {
			var n uint64
			n, err = strconv.ParseUint(days, 10, 16)
			end = now.AddDate(0, 0, int(n))
		} else {
			var duration time.Duration
			duration, err = time.ParseDuration(text)
			end = now.Add(duration)
		}
	}
	// A token has whole seconds; what is cut off would end it before it was used.
	if end = end.UTC().Truncate(time.Second); err != nil || !end.After(now) {
		return time.Time{}, wrong
	}
	return end, nil
}
