package projections

import (
	"encoding/json"

	"github.com/rapporteur/rapporteur/domain/codec"
)

// DigestInput gives the text over which the digest is taken, so that a test can show what changed in it.
func (v *View) DigestInput() ([]byte, error) {
	text, err := json.Marshal(v.content())
	if err != nil {
		return nil, err
	}
	return codec.Canonical(text)
}

// ForgetBoards empties the cache of figures.
func (m *Model) ForgetBoards() { m.boards.Purge() }

// ForgetLandscapes empties the cache of maps.
func (m *Model) ForgetLandscapes() { m.landscapes.Purge() }
