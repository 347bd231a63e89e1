package httpgraphql

import (
	"mime"
	"strconv"
	"strings"
)

const (
	mediaResponse = "application/graphql-response+json"
	mediaJSON     = "application/json"
)

// negotiate chooses the media type of the answer from the values of Accept, and
// says whether there is one that the client takes (RFC 9110, section 12.5.1).
//
// application/json is for clients that name nothing or anything: a client that
// does not know the newer media type expects status 200 for every answer. Of
// two named with the same weight the newer one wins, because its status codes
// mean something.
func negotiate(accept []string) (media string, ok bool) {
	list := strings.Join(accept, ",")
	if strings.TrimSpace(list) == "" {
		return mediaJSON, true
	}
	newer, older := preference{}, preference{}
	for _, item := range splitList(list) {
		name, attributes, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, ok := attributes["q"]; ok {
			if weight, err = strconv.ParseFloat(q, 64); err != nil || !(weight >= 0 && weight <= 1) {
				continue
			}
		}
		if charset, ok := attributes["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
			continue // Answers are UTF-8.
		}
		switch name {
		case mediaResponse:
			newer.set(3, weight)
		case mediaJSON:
			older.set(3, weight)
		case "application/*":
			newer.set(2, weight)
			older.set(2, weight)
		case "*/*":
			newer.set(1, weight)
			older.set(1, weight)
		}
	}
	switch {
	case newer.weight == 0 && older.weight == 0:
		return "", false
	case newer.weight > older.weight:
		return mediaResponse, true
	case newer.weight == older.weight && newer.precision == 3:
		return mediaResponse, true
	}
	return mediaJSON, true
}

// preference is how much a media type is wanted, and how precisely that was said:
// the most precise range decides, whatever its weight.
type preference struct {
	precision int
	weight    float64
}

func (p *preference) set(precision int, weight float64) {
	if precision > p.precision || precision == p.precision && weight > p.weight {
		p.precision, p.weight = precision, weight
	}
}

// splitList splits a header's list at commas outside quotes.
func splitList(list string) []string {
	var items []string
	start, quoted := 0, false
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '\\':
			if quoted {
				i++
			}
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				items = append(items, list[start:i])
				start = i + 1
			}
		}
	}
	return append(items, list[start:])
}
