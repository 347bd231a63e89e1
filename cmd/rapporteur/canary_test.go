package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// TestNoSecretIsTold gives the program secrets in every flag, variable, header and address that can hold one, lets it succeed, refuse and
// fail with them, and searches all that it writes and answers. The one place where a secret belongs is what rapporteur token prints.
func TestNoSecretIsTold(t *testing.T) {
	dir := t.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	const canary = "canary-4f1c8e0a"
	secrets := map[string]string{"the canary": canary, "the canary, encoded": base64.StdEncoding.EncodeToString([]byte("jane:" + canary))}
	said := map[string]string{} // All that was said, by whom.
	run := func(name string, extra []string, args ...string) {
		status, stdout, stderr := complete(dir, append(env, extra...), args...)
		said[name] = fmt.Sprintf("status %d\n%s\n%s", status, stdout, stderr)
	}
	write := func(name, content string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	mint := func(args ...string) string {
		status, stdout, stderr := complete(dir, env, append([]string{"token", "--subject", "jane"}, args...)...)
		if status != statusDone {
			t.Fatal(stderr)
		}
		said["token "+strings.Join(args, " ")] = stderr
		return strings.TrimSpace(stdout)
	}
	// secret takes the parts of a token, or the lines of a key, as secrets: also a part of one must not be told.
	secret := func(name, text, separator string) {
		for i, part := range strings.Split(text, separator) {
			if len(part) >= 16 && !strings.HasPrefix(part, "-----") {
				secrets[fmt.Sprint(name, ", part ", i+1)] = part
			}
		}
	}
	keyFile := filepath.Join(dir, "rapporteur-data", "token-keys.pem")
	reader, editor := mint("--role", "READER"), mint("--role", "EDITOR")
	key, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	secret("a token", reader, ".")
	secret("another token", editor, ".")
	secret("the key", string(key), "\n")

	p, err := start(dir, env, "serve", "--auth", "token", "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(syscall.SIGKILL)
	base := "http://" + p.address
	ask := func(name, method, path, body string, headers ...string) {
		t.Helper()
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for _, h := range headers {
			n, v, _ := strings.Cut(h, ": ")
			r.Header.Add(n, v)
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		said[name] = fmt.Sprint(response.Status, " ", response.Header, " ", string(text))
	}
	const viewer = `{"query":"{ viewer { subject roles } }"}`
	const define = `{"query":"mutation { defineElement(input: {key: \"k\", label: \"K\"}) { at } }"}`
	tampered := reader[:len(reader)-8] + strings.Repeat("A", 8)
	credentials := map[string]string{
		"a token": "Authorization: Bearer " + reader, "an editor": "Authorization: Bearer " + editor, "a tampered token": "Authorization: Bearer " + tampered,
		"garbage": "Authorization: Bearer " + canary, "a password": "Authorization: Basic " + secrets["the canary, encoded"], "a bare word": "Authorization: " + canary,
		"much": "Authorization: Bearer " + strings.Repeat(canary, 1000), "a cookie": "Cookie: token=" + canary, "an API key": "X-Api-Key: " + canary,
	}
	for name, header := range credentials {
		ask(name+" asks", "POST", "/graphql", viewer, header)
		ask(name+" records", "POST", "/graphql", define, header)
		ask(name+" is malformed", "POST", "/graphql", `{"query": "{ nothing }"`, header)
		ask(name+" by GET", "GET", "/graphql?query={at}", "", header)
		ask(name+" gets events", "GET", "/graphql?query={at}", "", header, "Accept: text/event-stream")
		ask(name+" gets a file", "GET", "/export/nothing.csv", "", header)
		ask(name+" goes astray", "DELETE", "/nowhere", "", header)
	}
	for _, parameter := range []string{"access_token", "token", "Authorization"} {
		ask("an address with "+parameter, "GET", "/graphql?query={at}&"+parameter+"="+reader, "")
		ask("an odd address with "+parameter, "GET", "/nowhere?"+parameter+"="+canary, "")
	}
	for name, payload := range map[string]string{
		"a token": `{"Authorization":"Bearer ` + reader + `"}`, "garbage": `{"Authorization":"Bearer ` + canary + `"}`,
		"no text": `{"Authorization":["` + canary + `"]}`, "malformed": `{"Authorization":"` + canary,
	} {
		conn, _, err := (&websocket.Dialer{Subprotocols: []string{"graphql-transport-ws"}}).Dial("ws://"+p.address+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"connection_init","payload":`+payload+`}`))
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"id":"1","type":"subscribe","payload":{"query":"{ at }"}}`))
		for { // Until the answer, or the end.
			_, text, err := conn.ReadMessage()
			said["WebSocket, "+name] += fmt.Sprintln(string(text), err)
			if err != nil || strings.Contains(string(text), `"complete"`) {
				break
			}
		}
		conn.Close()
	}

	// Programs that ask this one.
	variable := []string{"RAPPORTEUR_TOKEN=" + editor}
	run("export, by flag", nil, "export", "positions", "--server", base, "--token", reader)
	run("export, by variable", variable, "export", "positions", "--server", base)
	run("export, garbage", nil, "export", "positions", "--server", base, "--token", canary)
	run("export, a password in the address", nil, "export", "positions", "--server", "http://jane:"+canary+"@"+p.address)
	run("import", variable, "import", "dataset", demoFolder(t), "--server", base, "--dry-run")
	run("import, a reader", nil, "import", "dataset", demoFolder(t), "--server", base, "--token", reader)
	run("import, garbage", nil, "import", "dataset", demoFolder(t), "--server", base, "--token", canary)
	run("import, nobody there", variable, "import", "dataset", demoFolder(t), "--server", "http://127.0.0.1:1")
	run("import, a password in the address", nil, "import", "dataset", demoFolder(t), "--server", "http://jane:"+canary+"@"+p.address)
	run("a token on the way to where none is taken", variable, "replay", "--help")

	// The keys change and are damaged while it serves.
	secret("a new token", mint("--role", "READER", "--rotate", "--retire"), ".")
	ask("a token of a key that is gone", "POST", "/graphql", viewer, credentials["a token"])
	for name, content := range map[string]string{
		"cut": string(key[:len(key)/2]), "words": canary, "another block": "-----BEGIN " + strings.ToUpper(canary) + "-----\nY2FuYXJ5\n-----END " + strings.ToUpper(canary) + "-----\n",
		"damaged": strings.Replace(string(key), "MC4C", "MC4D", 1),
	} {
		file := write("damaged.pem", content)
		if err := os.Rename(file, keyFile); err != nil {
			t.Fatal(err)
		}
		ask("with keys that are "+name, "POST", "/graphql", viewer, credentials["a token"])
		run("serve with keys that are "+name, nil, "serve", "--auth", "token", "--store", "file:other", "--token-key", keyFile, "--listen", "127.0.0.1:0")
		run("token with keys that are "+name, nil, "token", "--subject", "jane", "--role", "READER")
	}
	secrets["the canary in capitals"] = strings.ToUpper(canary)

	// What is given wrongly.
	odd := write("odd.pem", "-----BEGIN PRIVATE KEY-----\n"+canary+"\n-----END PRIVATE KEY-----\n")
	run("a key that is none for HTTPS", nil, "serve", "--store", "file:other", "--listen", "127.0.0.1:0", "--tls-cert", odd, "--tls-key", odd)
	for name, flags := range map[string][]string{
		"a password in the issuer":         {"--oidc-issuer", "https://jane:" + canary + "@id.example"},
		"a password in an issuer that is":  {"--oidc-issuer", "http://jane:" + canary + "@" + p.address},
		"a password in what is no address": {"--oidc-issuer", "https://jane:" + canary + "@id.example:port"},
	} {
		run(name, nil, append([]string{"serve", "--store", "file:other", "--listen", "127.0.0.1:0", "--auth", "oidc", "--oidc-audience", "rid"}, flags...)...)
	}
	for _, store := range []string{"esdb://jane:" + canary + "@127.0.0.1:1?tls=false", "esdb://jane:" + canary + "@127.0.0.1:port", "postgres://jane:" + canary + "@db.example", "esdb+discover://jane:" + canary + "@"} {
		run("serve "+store, nil, "serve", "--store", store, "--listen", "127.0.0.1:0")
		run("replay "+store, []string{"RAPPORTEUR_STORE=" + store}, "replay")
		run("token "+store, nil, "token", "--store", store, "--subject", "jane", "--role", "READER")
	}
	p.stop(syscall.SIGTERM)
	said["the server"] = p.out.String() + p.err.String()

	for who, text := range said {
		who = strings.ReplaceAll(who, canary, "…")
		for name, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s tells %s: %.600s", who, name, text)
			}
		}
	}
	for _, who := range []string{"a token asks", "an editor records", "export, by flag", "export, by variable", "import"} {
		if !strings.HasPrefix(said[who], "200 ") && !strings.HasPrefix(said[who], "status 0") || strings.Contains(said[who], `"errors"`) {
			t.Errorf("%s was to succeed: %.300s", who, said[who]) // Else little is shown by what is not told.
		}
	}
	if !strings.Contains(said["the server"], "who asks could not be made out") {
		t.Errorf("the server did not log that its keys are damaged: %s", said["the server"])
	}
	t.Logf("%d texts searched for %d secrets", len(said), len(secrets))
}
