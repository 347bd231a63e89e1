package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// newPair writes a certificate for loopback and its key, and gives the pool in which it is trusted.
func newPair(t *testing.T, dir, name string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "cert.pem"), "CERTIFICATE", der)
	writePEM(t, filepath.Join(dir, "key.pem"), "PRIVATE KEY", pkcs8)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return pool
}

func writePEM(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestServesHTTPS(t *testing.T) {
	dir := t.TempDir()
	pool := newPair(t, dir, "first")
	p, err := begin(dir, os.Environ(), "serve", "--empty", "--store", "file:store", "--listen", "127.0.0.1:0", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(os.Kill)
	for !strings.Contains(p.out.String(), "/graphiql") {
		select {
		case <-p.out.written:
		case <-p.ended:
			t.Fatalf("it ended: %s", p.err)
		}
	}
	_, after, _ := strings.Cut(p.out.String(), "https://")
	address, _, _ := strings.Cut(after, "/")

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	response, err := client.Post("https://"+address+"/graphql", "application/json", strings.NewReader(`{"query":"{at}"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.ProtoMajor != 2 || !bytes.Contains(body, []byte(`{"data":{"at":"0"}`)) {
		t.Errorf("%v %s %s", err, response.Proto, body)
	}

	// Whoever speaks HTTP, or TLS of before 2008, is turned away.
	if response, err := http.Get("http://" + address + "/healthz"); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("without encryption: %s", response.Status)
		}
	}
	old, err := tls.Dial("tcp", address, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		old.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if status := p.stop(syscall.SIGTERM); status != 0 {
		t.Errorf("it ended with %d: %s", status, p.err)
	}
}

func TestCertificateIsReadAgainWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	newPair(t, dir, "first")
	var log bytes.Buffer
	pair := &keyPair{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), logger: slog.New(slog.NewTextHandler(&log, nil))}
	if err := pair.load(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	served := func() string {
		now = now.Add(lookEvery)
		return pair.current(now).Leaf.Subject.CommonName
	}
	if got := served(); got != "first" {
		t.Errorf("served %s", got)
	}
	// A renewed pair, set beside the old one and moved into its place, one file after the other.
	renewed := t.TempDir()
	newPair(t, renewed, "second")
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.Rename(filepath.Join(renewed, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if got, want := served(), map[string]string{"cert.pem": "first", "key.pem": "second"}[name]; got != want {
			t.Errorf("after %s was moved: served %s, want %s", name, got, want)
		}
	}
	if !strings.Contains(log.String(), "was not read again") || !strings.Contains(log.String(), "was read again") {
		t.Errorf("the log says nothing of it: %s", &log)
	}
	// Between two looks nothing is read. What is written in place has another time than before, if not by this clock.
	newPair(t, dir, "third")
	for _, name := range []string{pair.cert, pair.key} {
		if err := os.Chtimes(name, time.Time{}, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := pair.current(now).Leaf.Subject.CommonName; got != "second" {
		t.Errorf("served %s without a look", got)
	}
	if got := served(); got != "third" {
		t.Errorf("served %s, want third", got)
	}
	if err := os.Remove(pair.cert); err != nil {
		t.Fatal(err)
	}
	if got := served(); got != "third" {
		t.Errorf("without the file: served %s, want third", got)
	}
}

// What the flags say is what a stranger is answered, through a proxy that says who he is.
func TestFlagsOfTheEdge(t *testing.T) {
	dir := t.TempDir()
	document := "{at" + strings.Repeat("#\n", 30) + "}"
	if err := os.Mkdir(filepath.Join(dir, "known"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "known", "at.graphql"), []byte(document+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := start(dir, append(os.Environ(), "RAPPORTEUR_RATE_BURST=3", "RAPPORTEUR_MAX_TOKENS=20"), "serve", "--empty", "--store", "file:store",
		"--listen", "127.0.0.1:0", "--rate", "0.001", "--trusted-proxy", "127.0.0.1", "--cors-origin", "https://rid.example",
		"--max-depth", "3", "--max-aliases", "2", "--max-body", "2000", "--max-complexity", "500", "--operations", "known")
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop(os.Kill)
	refusal := func(query string, headers ...string) (status int, code, message string) {
		body, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		status, answer, err := post(p.address, string(body), headers...)
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Errors []struct {
				Message    string
				Extensions struct{ Code string }
			}
		}
		if err := json.Unmarshal(answer, &said); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		if len(said.Errors) == 0 {
			return status, "", ""
		}
		return status, said.Errors[0].Extensions.Code, said.Errors[0].Message
	}
	for query, want := range map[string]string{
		"{at}":                                  "",
		"{groups{members{groups{code}}}}":       "COMPLEXITY_LIMIT_EXCEEDED the limit is 3",
		"{a:at b:at c:at}":                      "COMPLEXITY_LIMIT_EXCEEDED more than 2 aliases",
		"{at" + strings.Repeat("#\n", 31) + "}": "BAD_USER_INPUT 20 tokens",
		document:                                "",
		"{states{code}}" + strings.Repeat(" ", 2000): "BAD_USER_INPUT 2,000 bytes",
		"{affinity:states{groups{code}}}":            "COMPLEXITY_LIMIT_EXCEEDED the limit is 500",
	} {
		_, code, message := refusal(query)
		wantCode, wantMessage, _ := strings.Cut(want, " ")
		if code != wantCode || !strings.Contains(message, wantMessage) {
			t.Errorf("%.40s…: %s %q, want %s", query, code, message, want)
		}
	}
	for i := range 5 {
		status, code, _ := refusal("{at}", "X-Forwarded-For: 192.0.2.7")
		if want := map[bool]int{true: 200, false: 429}[i < 3]; status != want || (code == "RATE_LIMITED") != (i >= 3) {
			t.Errorf("request %d of a stranger: %d %s, want %d", i+1, status, code, want)
		}
	}
	if status, _, _ := refusal("{at}", "Origin: https://rid.example"); status != 200 {
		t.Errorf("a page that may ask: %d", status)
	}
	if status, code, _ := refusal("{at}", "Origin: https://other.example"); status != 403 || code != "FORBIDDEN" {
		t.Errorf("a page that may not: %d %s", status, code)
	}
}

func TestFlagsOfTheEdgeAreChecked(t *testing.T) {
	dir := t.TempDir()
	newPair(t, dir, "one")
	if err := os.WriteFile(filepath.Join(dir, "rubbish.pem"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"--tls-cert cert.pem":                          "2 --tls-cert and --tls-key belong together",
		"--tls-key key.pem":                            "2 --tls-cert and --tls-key belong together",
		"--tls-cert none.pem --tls-key key.pem":        "1 read the certificate: open none.pem: no such file",
		"--tls-cert rubbish.pem --tls-key key.pem":     "1 the certificate rubbish.pem and the key key.pem cannot be used",
		"--tls-cert cert.pem --tls-key rubbish.pem":    "1 the certificate cert.pem and the key rubbish.pem cannot be used",
		"--cors-origin rid.example":                    `2 --cors-origin "rid.example" is no origin; write scheme and host`,
		"--cors-origin *":                              "2 --cors-origin * would let every page in the world record",
		"--trusted-proxy proxy":                        `2 --trusted-proxy "proxy" is no network`,
		"--rate 0":                                     "2 --rate 0",
		"--rate-burst 0":                               "2 --rate 0 or --rate-burst below 1",
		"--answer-cache=-5":                            "2 --answer-cache is a number of bytes; 0 keeps no answers",
		"--max-in-flight=-1":                           "2 --max-in-flight is a number of operations",
		"--max-depth 0":                                "2 --max-depth must be above zero",
		"--max-complexity=-1":                          "2 --max-complexity must be above zero",
		"--timeout 0s":                                 "2 --timeout must be above zero",
		"--max-tokens many":                            "2 --max-tokens: expected",
		"--operations " + filepath.Join(dir, "nosuch"): "1 --operations",
		"--operations .":                               "1 --operations .: there is no .graphql file in it",
	} {
		status, _, stderr := complete(dir, os.Environ(), append([]string{"serve", "--store", "file:store", "--listen", "127.0.0.1:0"}, strings.Fields(args)...)...)
		if got := fmt.Sprint(status, " ", strings.TrimPrefix(stderr, "rapporteur: ")); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %swant %s", args, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "store")); err == nil {
		t.Error("a refused command made a store")
	}
}
