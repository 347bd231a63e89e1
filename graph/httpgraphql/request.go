package httpgraphql

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// Params reads the parameters of a request by POST, GET or HEAD: query,
// variables, operationName, extensions. A parameter of the wrong type, a body
// of the wrong media type or size, and a batch are refused.
func (h *Handler) Params(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *Refusal) {
	start := graphql.Now()
	var params *graphql.RawParams
	var refusal *Refusal
	if r.Method == http.MethodPost {
		params, refusal = h.paramsOfBody(w, r)
	} else {
		params, refusal = paramsOfQuery(r.URL.RawQuery)
	}
	if refusal != nil {
		return nil, refusal
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

func (h *Handler) paramsOfBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *Refusal) {
	if refusal := checkContentType(r.Header); refusal != nil {
		return nil, refusal
	}
	limit := h.config.Limits.Body
	tooLarge := refuse(http.StatusRequestEntityTooLarge, BadUserInput,
		"The body is larger than "+number(limit)+" bytes, which is the limit.")
	if r.ContentLength > limit {
		return nil, tooLarge
	}
	timed := readWithin(w, r, h.config.ReadTimeout)
	body, err := io.ReadAll(http.MaxBytesReader(w, timed, limit))
	var exceeded *http.MaxBytesError
	switch {
	case errors.As(err, &exceeded):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(http.StatusRequestTimeout, BadUserInput,
			"The body did not arrive within "+h.config.ReadTimeout.String()+".").withHeader("Connection", "close")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, BadUserInput, "The body could not be read to its end.")
	}
	return paramsOfJSON(body)
}

// checkContentType lets application/json in UTF-8 pass and nothing else: it is
// the one media type of the specification, and what a page of another origin can
// send without being asked first is not among its spellings.
func checkContentType(header http.Header) *Refusal {
	unsupported := func(message string) *Refusal {
		return refuse(http.StatusUnsupportedMediaType, BadUserInput, message).withHeader("Accept-Post", mediaJSON)
	}
	values := header.Values("Content-Type")
	if len(values) == 0 {
		return unsupported("The request has no Content-Type; send " + mediaJSON + ".")
	}
	media, attributes, err := mime.ParseMediaType(values[0])
	if len(values) > 1 || err != nil || media != mediaJSON {
		return unsupported("The Content-Type must be " + mediaJSON + ".")
	}
	if charset, ok := attributes["charset"]; ok && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return unsupported("The charset must be utf-8.")
	}
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		// A kilobyte can unpack to a gigabyte, and the limit is on what arrives.
		return unsupported("A body with a Content-Encoding is not accepted.")
	}
	return nil
}

func malformed(message string) *Refusal {
	return refuse(http.StatusBadRequest, BadUserInput, message)
}

// paramsOfJSON reads the body token by token on its first level, since decoding
// into a struct would accept "Query" for "query" and the last of two.
func paramsOfJSON(body []byte) (*graphql.RawParams, *Refusal) {
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(text) == 0:
		return nil, malformed("The request has no body.")
	case text[0] == '[':
		return nil, malformed("Batches are not accepted; send one operation in a request.")
	case text[0] != '{':
		return nil, malformed("The body must be a JSON object with a query.")
	case !utf8.Valid(text):
		return nil, malformed("The body is not valid UTF-8.")
	case loneSurrogate(text):
		return nil, malformed(`The body has half of a surrogate pair (\ud800 to \udfff), which is no character.`)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	fields := map[string]json.RawMessage{}
	if refusal := readObject(decoder, fields); refusal != nil {
		return nil, refusal
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, malformed("The body goes on after its JSON object.")
	}
	params := &graphql.RawParams{}
	if value, ok := present(fields, "query"); ok {
		if err := json.Unmarshal(value, &params.Query); err != nil {
			return nil, malformed("query must be a string.")
		}
	}
	if value, ok := present(fields, "operationName"); ok {
		if err := json.Unmarshal(value, &params.OperationName); err != nil {
			return nil, malformed("operationName must be a string or null.")
		}
	}
	var refusal *Refusal
	if value, ok := present(fields, "variables"); ok {
		if params.Variables, refusal = mapParam("variables", value); refusal != nil {
			return nil, refusal
		}
	}
	if value, ok := present(fields, "extensions"); ok {
		if params.Extensions, refusal = mapParam("extensions", value); refusal != nil {
			return nil, refusal
		}
	}
	if _, ok := present(fields, "query"); !ok {
		return nil, noQuery(params)
	}
	return params, nil
}

func readObject(decoder *json.Decoder, fields map[string]json.RawMessage) *Refusal {
	_, err := decoder.Token() // the opening brace
	for err == nil && decoder.More() {
		var key json.Token
		if key, err = decoder.Token(); err != nil {
			break
		}
		name, _ := key.(string)
		var value json.RawMessage
		if err = decoder.Decode(&value); err != nil {
			break
		}
		switch name {
		case "query", "operationName", "variables", "extensions":
			if _, twice := fields[name]; twice {
				return malformed(name + " is given twice.")
			}
			fields[name] = value
		} // The specification reserves other names; it does not forbid them.
	}
	if err == nil {
		_, err = decoder.Token() // the closing brace
	}
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &syntax):
		return malformed("The body is not valid JSON: " + excerpt(syntax.Error(), 200) + ", at byte " + number(decoder.InputOffset()) + " or after.")
	}
	return malformed("The body is not valid JSON: it ends too early.")
}

// present gives a parameter unless it is missing or null, which are the same.
func present(fields map[string]json.RawMessage, name string) (json.RawMessage, bool) {
	value, ok := fields[name]
	return value, ok && string(value) != "null"
}

func mapParam(name string, value json.RawMessage) (map[string]any, *Refusal) {
	value = bytes.TrimLeft(value, " \t\r\n")
	if len(value) == 0 || value[0] != '{' {
		return nil, malformed(name + " must be an object or null.")
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber() // Numbers keep their digits until the schema says what they are.
	var decoded map[string]any
	if err := decoder.Decode(&decoded); err != nil {
		return nil, malformed(name + " is not valid JSON.")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, malformed(name + " goes on after its JSON object.")
	}
	return decoded, nil
}

func noQuery(params *graphql.RawParams) *Refusal {
	if _, ok := params.Extensions["persistedQuery"]; ok {
		// These very words make clients of that protocol send the document itself.
		return malformed("PersistedQueryNotSupported")
	}
	return malformed("query is missing; it must be a string that holds a GraphQL document.")
}

func paramsOfQuery(raw string) (*graphql.RawParams, *Refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, malformed("The query string of the address is not URL-encoded.")
	}
	fields := map[string]string{}
	for _, name := range []string{"query", "operationName", "variables", "extensions"} {
		given := values[name]
		switch {
		case len(given) > 1:
			return nil, malformed(name + " is given twice.")
		case len(given) == 1 && !utf8.ValidString(given[0]):
			return nil, malformed(name + " is not valid UTF-8.")
		case len(given) == 1 && given[0] != "":
			fields[name] = given[0]
		}
	}
	params := &graphql.RawParams{Query: fields["query"], OperationName: fields["operationName"]}
	var refusal *Refusal
	if text := fields["variables"]; text != "" && text != "null" {
		if params.Variables, refusal = mapParam("variables", json.RawMessage(text)); refusal != nil {
			return nil, refusal
		}
	}
	if text := fields["extensions"]; text != "" && text != "null" {
		if params.Extensions, refusal = mapParam("extensions", json.RawMessage(text)); refusal != nil {
			return nil, refusal
		}
	}
	if params.Query == "" {
		return nil, noQuery(params)
	}
	return params, nil
}

// readWithin gives the body of a request a time in which it must arrive. The
// deadline is taken off at its end, since net/http watches the connection during
// the answer and a deadline met then would look like a client that went away.
func readWithin(w http.ResponseWriter, r *http.Request, limit time.Duration) io.ReadCloser {
	if r.Body == nil || r.Body == http.NoBody {
		return http.NoBody
	}
	control := http.NewResponseController(w)
	// A writer that knows no deadlines, as in tests, is left without one.
	if control.SetReadDeadline(time.Now().Add(limit)) != nil {
		return r.Body
	}
	return &timedBody{ReadCloser: r.Body, control: control}
}

type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// loneSurrogate says whether a JSON text escapes half of a surrogate pair. encoding/json would put another character in its place.
func loneSurrogate(text []byte) bool {
	for i := 0; i+5 < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if text[i+1] != 'u' {
			i++ // The character after a backslash begins no escape of its own.
			continue
		}
		unit := func(at int) rune {
			if at+6 > len(text) || text[at] != '\\' || text[at+1] != 'u' {
				return -1
			}
			n, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
			if err != nil {
				return -1
			}
			return rune(n)
		}
		if first := unit(i); utf16.IsSurrogate(first) {
			if utf16.DecodeRune(first, unit(i+6)) == utf8.RuneError {
				return true
			}
			i += 6
		}
		i += 5
	}
	return false
}
