package graph_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/rapporteur/rapporteur/domain/recorder"
	"github.com/rapporteur/rapporteur/graph"
	"github.com/rapporteur/rapporteur/graph/auth"
	"github.com/rapporteur/rapporteur/graph/generated"
)

// Who may what: each field of the roots and each address, with each kind of credential, over each transport. A field or address
// without a row fails the test.

// field is the row of a field.
type field struct {
	needs auth.Role
	// ask is the field with arguments and selection. A mutation is asked for something that is refused or is once recorded: whether
	// somebody may is found out before.
	ask string
}

const noSource = `on: "2026-01-15", source: {title: "Made up"}`

var fields = map[ast.Operation]map[string]field{
	ast.Query: {
		"node":         {auth.Reader, `node(id: "` + `c3Q6VVJZ` + `") { id }`},
		"nodes":        {auth.Reader, `nodes(ids: []) { id }`},
		"viewer":       {auth.Reader, `viewer { subject }`},
		"at":           {auth.Reader, `at`},
		"proposals":    {auth.Reader, `proposals(first: 1) { totalCount }`},
		"proposal":     {auth.Reader, `proposal(slug: "programme-of-action") { slug }`},
		"elements":     {auth.Reader, `elements { key }`},
		"option":       {auth.Reader, `option(element: "track", key: "single-track") { key }`},
		"states":       {auth.Reader, `states { code }`},
		"state":        {auth.Reader, `state(by: {code: "URY"}) { code }`},
		"groups":       {auth.Reader, `groups { code }`},
		"group":        {auth.Reader, `group(code: "EU") { code }`},
		"sessions":     {auth.Reader, `sessions { key }`},
		"positions":    {auth.Reader, `positions(first: 1) { totalCount }`},
		"endorsements": {auth.Reader, `endorsements(first: 1) { totalCount }`},
		"convergence":  {auth.Reader, `convergence(targets: [{proposal: "programme-of-action"}]) { support }`},
		"commonGround": {auth.Reader, `commonGround(minSupport: 1, minDeclared: 1) { support }`},
		"matrix":       {auth.Reader, `matrix(states: ["URY"]) { rows }`},
		"affinity":     {auth.Reader, `affinity(a: "URY", b: "FRA") { shared }`},
		"affinities":   {auth.Reader, `affinities(among: ["URY", "FRA"]) { totalCount }`},
		"changes":      {auth.Reader, `changes(from: {log: "1"}, states: ["URY"], first: 1) { totalCount }`},
		"events":       {auth.Reader, `events(first: 1) { totalCount }`},
		"errorCodes":   {auth.Reader, `errorCodes`},

		"compareDocuments": {auth.Reader, `compareDocuments(a: "A/C.1/78/L.11", b: "A/C.1/77/L.73") { paragraphs { change } }`},
		// The rows of these wait for them.
		"landscape":        {auth.Reader, `landscape(minDeclared: 200) { at }`},
		"checkpoint":       {auth.Reader, `checkpoint { size }`},
		"inclusionProof":   {auth.Reader, `inclusionProof(event: "ZXY6MQ") { index }`},
		"consistencyProof": {auth.Reader, `consistencyProof(from: "1") { from }`},
		"digest":           {auth.Reader, `digest(at: "1") { sha256 }`},
	},
	ast.Mutation: {
		"submitProposal":        {auth.Recorder, `submitProposal(input: {slug: "", title: "", submitters: [], ` + noSource + `}) { at }`},
		"reviseProposal":        {auth.Recorder, `reviseProposal(input: {slug: "none", ` + noSource + `}) { at }`},
		"mergeProposal":         {auth.Recorder, `mergeProposal(input: {slug: "none", into: "other", ` + noSource + `}) { at }`},
		"supersedeProposal":     {auth.Recorder, `supersedeProposal(input: {slug: "none", by: "other", ` + noSource + `}) { at }`},
		"withdrawProposal":      {auth.Recorder, `withdrawProposal(input: {slug: "none", ` + noSource + `}) { at }`},
		"adoptProposal":         {auth.Recorder, `adoptProposal(input: {slug: "none", by: "", withoutVote: true, ` + noSource + `}) { at }`},
		"recordPosition":        {auth.Recorder, `recordPosition(input: {actor: "", target: {proposal: ""}, statedOn: "2026-01-15", summary: "", source: {title: ""}}) { at }`},
		"correctPosition":       {auth.Recorder, `correctPosition(input: {position: "none", reason: ""}) { at }`},
		"withdrawPosition":      {auth.Recorder, `withdrawPosition(input: {position: "none", ` + noSource + `}) { at }`},
		"retractPosition":       {auth.Recorder, `retractPosition(input: {position: "none", reason: ""}) { at }`},
		"recordEndorsement":     {auth.Recorder, `recordEndorsement(input: {actor: "", proposal: "", kind: SPONSOR, ` + noSource + `}) { at }`},
		"withdrawEndorsement":   {auth.Recorder, `withdrawEndorsement(input: {endorsement: "none", ` + noSource + `}) { at }`},
		"recordVote":            {auth.Recorder, `recordVote(input: {proposal: "", documentSymbol: "", body: "", adopted: true, yes: 0, no: 0, abstain: 0, absent: 0, ballots: [], ` + noSource + `}) { at }`},
		"declareIntendedBallot": {auth.Recorder, `declareIntendedBallot(input: {vote: "none", state: "", intended: YES, ` + noSource + `}) { at }`},
		"defineElement":         {auth.Editor, `defineElement(input: {key: "", label: ""}) { at }`},
		"defineOption":          {auth.Editor, `defineOption(input: {element: "", key: "", label: ""}) { at }`},
		"retireOption":          {auth.Editor, `retireOption(input: {element: "", key: "", reason: ""}) { at }`},
		"admitState":            {auth.Editor, `admitState(input: {code: "", names: []}) { at }`},
		"defineGroup":           {auth.Editor, `defineGroup(input: {code: "", names: []}) { at }`},
		"changeGroupMembership": {auth.Editor, `changeGroupMembership(input: {group: "", state: ""}) { at }`},
		"defineSession":         {auth.Editor, `defineSession(input: {key: "", name: "", forum: "", startsOn: "2026-01-15", endsOn: "2026-01-15", decisionRule: CONSENSUS}) { at }`},
	},
	ast.Subscription: {
		"positionChanged":    {auth.Reader, `positionChanged(after: "0") { at }`},
		"endorsementChanged": {auth.Reader, `endorsementChanged(after: "0") { at }`},
		"convergenceChanged": {auth.Reader, `convergenceChanged(after: "0") { at }`},
		"eventRecorded":      {auth.Reader, `eventRecorded(after: "0") { at }`},
	},
}

// addresses are one of each pattern that is served.
var addresses = map[string]struct {
	address string
	open    bool
}{
	"/graphql":        {"/graphql?query={at}", false},
	"/export/":        {"/export/positions.csv", false},
	"GET /checkpoint": {"/checkpoint", false}, // Waits for it, as does the next.
	"GET /tile/":      {"/tile/0/000.p/1", false},
	"/graphiql":       {"/graphiql", true},
	"/graphiql/":      {"/graphiql/", true},
	"GET /{$}":        {"/", true},
	"GET /healthz":    {"/healthz", true},
	"GET /readyz":     {"/readyz", true},
}

// credential is a kind of what somebody may send, and what it makes of them: one with a role, or one who gets no further.
type credential struct {
	authorization []string
	role          auth.Role
}

// mint makes one of each kind.
func mint(t *testing.T) (map[string]credential, *auth.Tokens) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.pem")
	keys, _, err := auth.OpenKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	tokens := &auth.Tokens{Keys: keys}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(ed25519.PrivateKey)
	public := key.Public().(ed25519.PublicKey)
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	good, err := tokens.Mint(auth.Principal{Subject: "rita", Roles: []auth.Role{auth.Reader}, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	minted, _, err := jwt.NewParser().ParseUnverified(good, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	// forge makes a token of the same form with some things in it replaced; a nil is left out.
	forge := func(method jwt.SigningMethod, key any, header, claims map[string]any) credential {
		t.Helper()
		all := maps.Clone(minted.Claims.(jwt.MapClaims))
		maps.Copy(all, claims)
		maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
		token := jwt.NewWithClaims(method, all)
		token.Header["kid"] = minted.Header["kid"]
		maps.Copy(token.Header, header)
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return credential{authorization: []string{"Bearer " + signed}}
	}
	ours := func(claims map[string]any) credential { return forge(jwt.SigningMethodEdDSA, key, nil, claims) }
	of := func(role auth.Role) credential {
		c := ours(map[string]any{"sub": "matrix-" + role.String(), "roles": []string{role.String()}})
		c.role = role
		return c
	}
	ago, ahead := time.Now().Add(-time.Second).Unix(), time.Now().Add(10*time.Minute).Unix()
	return map[string]credential{
		"none":              {},
		"empty":             {authorization: []string{""}},
		"garbage":           {authorization: []string{"Bearer garbage"}},
		"another scheme":    {authorization: []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("rita:secret"))}},
		"two":               {authorization: []string{"Bearer " + good, "Bearer " + good}},
		"bad signature":     {authorization: []string{"Bearer " + good[:strings.LastIndex(good, ".")+1] + base64.RawURLEncoding.EncodeToString(make([]byte, 64))}},
		"without signature": {authorization: []string{"Bearer " + good[:strings.LastIndex(good, ".")+1]}},
		"expired":           ours(map[string]any{"exp": ago}),
		"without end":       ours(map[string]any{"exp": nil}),
		"not valid yet":     ours(map[string]any{"nbf": ahead}),
		"issued tomorrow":   ours(map[string]any{"iat": ahead}),
		"another audience":  ours(map[string]any{"aud": "other"}),
		"another issuer":    ours(map[string]any{"iss": "other"}),
		"alg none":          forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nil, nil),
		"HS256, public key": forge(jwt.SigningMethodHS256, []byte(public), nil, nil),
		"another kid":       forge(jwt.SigningMethodEdDSA, key, map[string]any{"kid": "other"}, nil),
		"another key":       forge(jwt.SigningMethodEdDSA, foreign, nil, nil),
		"a name of ours":    ours(map[string]any{"sub": "local"}),
		"no name":           ours(map[string]any{"sub": nil}),
		"no roles":          ours(map[string]any{"roles": nil}),
		"roles: none":       ours(map[string]any{"roles": []string{}}),
		"unknown role":      ours(map[string]any{"roles": []string{"EDITOR", "ADMIN"}}),
		"a role twice":      ours(map[string]any{"roles": []string{"EDITOR", "EDITOR"}}),
		"READER":            of(auth.Reader),
		"RECORDER":          of(auth.Recorder),
		"EDITOR":            of(auth.Editor),
	}, tokens
}

// outcome is what a client learns.
type outcome struct {
	turnedAway bool     // Before anything was looked at: 401, or 4403.
	codes      []string // Of all errors.
	text       string   // All that was answered.
}

// transport asks an operation.
type transport struct {
	name string
	ask  func(t *testing.T, base, operation string, authorization []string) outcome
	// carries says what it is for: whoever may ask something else is told that it is not.
	carries []ast.Operation
}

var (
	everything = []ast.Operation{ast.Query, ast.Mutation, ast.Subscription}
	transports = []transport{
		{"POST", over(http.MethodPost, "application/graphql-response+json"), []ast.Operation{ast.Query, ast.Mutation}},
		{"GET", over(http.MethodGet, "application/graphql-response+json"), []ast.Operation{ast.Query}},
		{"events by POST", over(http.MethodPost, "text/event-stream"), everything},
		{"events by GET", over(http.MethodGet, "text/event-stream"), []ast.Operation{ast.Query, ast.Subscription}},
		{"WebSocket", overWebSocket(false), everything},
		{"WebSocket with a header", overWebSocket(true), everything},
	}
)

func over(method, accept string) func(*testing.T, string, string, []string) outcome {
	return func(t *testing.T, base, operation string, authorization []string) outcome {
		t.Helper()
		address, body := base+"/graphql", ""
		if method == http.MethodPost {
			text, err := json.Marshal(map[string]string{"query": operation})
			if err != nil {
				t.Fatal(err)
			}
			body = string(text)
		} else {
			address += "?query=" + url.QueryEscape(operation)
		}
		r, err := http.NewRequest(method, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", accept)
		status, text, header := answered(t, r, authorization)
		o := outcome{turnedAway: status == http.StatusUnauthorized, text: fmt.Sprint(status, " ", text)}
		if o.turnedAway && header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("turned away with %v", header)
		}
		text, _, _ = strings.Cut(strings.TrimPrefix(text, ":\n\n"), "\n\n")
		for _, line := range strings.Split(text, "\n") { // Of events, the first.
			o.codes = append(o.codes, codesIn(strings.TrimPrefix(line, "data: "))...)
		}
		return o
	}
}

// answered sends a request and reads what is answered; of events, what comes until the first is whole.
func answered(t *testing.T, r *http.Request, authorization []string) (status int, text string, header http.Header) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.Header["Authorization"] = authorization
	response, err := http.DefaultTransport.RoundTrip(r.WithContext(ctx)) // No redirect is followed.
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		all, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(all), response.Header
	}
	var b strings.Builder
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		b.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "data: {") {
			break
		}
	}
	return response.StatusCode, b.String(), response.Header
}

func codesIn(text string) (codes []string) {
	var a answer
	_ = json.Unmarshal([]byte(text), &a) // Not all is JSON.
	for _, e := range a.Errors {
		codes = append(codes, e.Extensions.Code)
	}
	return codes
}

func overWebSocket(header bool) func(*testing.T, string, string, []string) outcome {
	return func(t *testing.T, base, operation string, authorization []string) outcome {
		t.Helper()
		with, payload := http.Header{}, map[string]any{}
		switch {
		case header:
			with["Authorization"] = authorization
		case len(authorization) == 1:
			payload["authorization"] = authorization[0]
		case len(authorization) > 1:
			payload["authorization"] = authorization
		}
		conn, response, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial("ws"+strings.TrimPrefix(base, "http")+"/graphql", with)
		if err != nil {
			if response == nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(response.Body)
			return outcome{turnedAway: response.StatusCode == http.StatusUnauthorized, codes: codesIn(string(text)), text: string(text)}
		}
		defer conn.Close()
		type message struct {
			ID      string          `json:"id,omitempty"`
			Type    string          `json:"type"`
			Payload json.RawMessage `json:"payload,omitempty"`
		}
		send := func(m message, payload any) {
			if m.Payload, err = json.Marshal(payload); err != nil {
				t.Fatal(err)
			}
			_ = conn.WriteJSON(m) // What became of it is read.
		}
		send(message{Type: "connection_init"}, payload)
		send(message{ID: "1", Type: "subscribe"}, map[string]string{"query": operation})
		for {
			var m message
			if err := conn.ReadJSON(&m); err != nil {
				o := outcome{turnedAway: websocket.IsCloseError(err, 4403), text: err.Error()}
				if o.turnedAway {
					o.codes = []string{"UNAUTHENTICATED"} // That is what the code of the close says.
				}
				return o
			}
			switch m.Type {
			case "next":
				return outcome{codes: codesIn(string(m.Payload)), text: string(m.Payload)}
			case "error":
				return outcome{codes: codesIn(`{"errors":` + string(m.Payload) + `}`), text: string(m.Payload)}
			}
		}
	}
}

func TestWhoMayWhat(t *testing.T) {
	b := newDemo(t)
	credentials, tokens := mint(t)
	config := graph.Config{
		Model: b.model, Log: b.log, Recorder: recorder.New(b.log, graph.NewReader(b.model), recorder.Config{Clock: clock}),
		Authenticator: tokens, AnyHost: true,
	}
	server := httptest.NewServer(graph.NewHandler(config))
	defer server.Close()

	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	roots := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription}
	for operation, root := range roots {
		served := map[string]bool{}
		if root != nil {
			for _, f := range root.Fields {
				if strings.HasPrefix(f.Name, "__") {
					continue
				}
				served[f.Name] = true
				if _, ok := fields[operation][f.Name]; !ok {
					t.Errorf("the %s %s has no row: say which role it needs", operation, f.Name)
				}
				if operation == ast.Mutation && f.Type.NonNull {
					t.Errorf("%s cannot be null, so that who may not ask for it could not be told", f.Name)
				}
			}
		}
		for name := range fields[operation] {
			if !served[name] && operation == ast.Mutation {
				t.Errorf("the row of the %s %s is of nothing that is served", operation, name)
			}
		}
	}

	cells := 0
	for operation, rows := range fields {
		if roots[operation] == nil {
			continue
		}
		for name, row := range rows {
			if roots[operation].Fields.ForName(name) == nil {
				continue
			}
			for kind, c := range credentials {
				for _, transport := range transports {
					cells++
					cell := fmt.Sprintf("%s %s by %s with %s", operation, name, transport.name, kind)
					before := b.model.At()
					o := transport.ask(t, server.URL, string(operation)+" { "+row.ask+" }", c.authorization)
					switch {
					case c.role == 0:
						if !o.turnedAway || !slices.Equal(o.codes, []string{"UNAUTHENTICATED"}) || strings.Contains(o.text, `"data"`) {
							t.Errorf("%s: %+v", cell, o)
						}
					case o.turnedAway:
						t.Errorf("%s: %+v", cell, o)
					case !slices.Contains(transport.carries, operation):
						if !slices.Equal(o.codes, []string{"BAD_USER_INPUT"}) || strings.Contains(o.text, `"data"`) {
							t.Errorf("%s: %+v", cell, o)
						}
					case c.role < row.needs:
						if !slices.Equal(o.codes, []string{"FORBIDDEN"}) || !strings.Contains(o.text, name+" needs the role "+row.needs.String()) {
							t.Errorf("%s: %+v", cell, o)
						}
					default:
						refused := slices.ContainsFunc(o.codes, func(code string) bool { return code != "BAD_USER_INPUT" && code != "NOT_FOUND" })
						if refused || !strings.Contains(o.text, `"data"`) || operation == ast.Mutation && len(o.codes) != 1 || operation == ast.Subscription && len(o.codes) > 0 {
							t.Errorf("%s: %+v", cell, o)
						}
					}
					if b.model.At() != before {
						t.Errorf("%s: something was recorded", cell)
					}
				}
			}
		}
	}

	open := graph.Routes(config)
	for pattern, isOpen := range open {
		row, ok := addresses[pattern]
		if !ok {
			t.Errorf("the address %q has no row: say whether everybody may see it", pattern)
			continue
		}
		if row.open != isOpen {
			t.Errorf("the address %q is open: %v, and its row says %v", pattern, isOpen, row.open)
		}
		for kind, c := range credentials {
			for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodOptions, "ODD"} {
				cells++
				r, err := http.NewRequest(method, server.URL+row.address, nil)
				if err != nil {
					t.Fatal(err)
				}
				status, body, _ := answered(t, r, c.authorization)
				refused := status == http.StatusUnauthorized
				if want := !row.open && c.role == 0 && method != http.MethodOptions; refused != want {
					t.Errorf("%s %s with %s: %d %.200s", method, row.address, kind, status, body)
				}
				if method == http.MethodGet && (row.open || c.role > 0) && status >= 400 {
					t.Errorf("%s %s with %s: %d %.200s", method, row.address, kind, status, body)
				}
				if method == http.MethodOptions && body != "" && strings.Contains(body, "FRA") {
					t.Errorf("%s %s shows the record: %.200s", method, row.address, body)
				}
			}
		}
	}
	// A token in an address is none.
	token := strings.TrimPrefix(credentials["EDITOR"].authorization[0], "Bearer ")
	for _, parameter := range []string{"access_token", "token", "authorization", "Authorization", "jwt"} {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/graphql?query={at}&"+parameter+"="+token, nil)
		if err != nil {
			t.Fatal(err)
		}
		if status, body, _ := answered(t, r, nil); status != http.StatusUnauthorized || strings.Contains(body, token[:20]) {
			t.Errorf("%s: %d %s", parameter, status, body)
		}
	}
	t.Logf("%d cells", cells)
}
