package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/rapporteur/rapporteur/graph/auth"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

var jane = auth.Principal{Subject: "jane", Roles: []auth.Role{auth.Reader, auth.Recorder}, Expires: noon.Add(time.Hour)}

// tokens are those of a new key file, at a time that the test sets.
func tokens(t *testing.T) (*auth.Tokens, *time.Time, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "store", "keys.pem")
	now := noon
	return &auth.Tokens{Keys: open(t, file), Clock: func() time.Time { return now }}, &now, file
}

func open(t *testing.T, file string) *auth.Keys {
	t.Helper()
	keys, _, err := auth.OpenKeys(file)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// refused checks a refusal, and that it tells nothing of the credential.
func refused(t *testing.T, a auth.Authenticator, name, credential string, code auth.Code, sentence string) {
	t.Helper()
	p, err := a.Authenticate(t.Context(), credential)
	var refusal *auth.Refusal
	if !errors.As(err, &refusal) || refusal.Code != code || !strings.Contains(refusal.Message, sentence) {
		t.Errorf("%s: %+v, %v; want %s with %q", name, p, err, code, sentence)
		return
	}
	for part := range strings.SplitSeq(credential, ".") {
		if len(part) > 7 && strings.Contains(fmt.Sprint(refusal.Message, refusal.Cause), part) {
			t.Errorf("%s: %v repeats the credential", name, refusal)
		}
	}
	if !reflect.DeepEqual(p, auth.Principal{}) {
		t.Errorf("%s: refused, and %+v", name, p)
	}
}

func privateKey(t *testing.T, file string) ed25519.PrivateKey {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PrivateKey)
}

// thumbprint is RFC 7638's, from the JSON that it says.
func thumbprint(t *testing.T, key ed25519.PublicKey) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"crv": "Ed25519", "kty": "OKP", "x": base64.RawURLEncoding.EncodeToString(key)})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestThumbprint is the example of RFC 8037, appendix A.3, by way of a key file that holds a public key.
func TestThumbprint(t *testing.T) {
	x, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if err != nil {
		t.Fatal(err)
	}
	if got := thumbprint(t, x); got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("%s", got)
	}
}

func TestATokenNamesWhoItWasMadeFor(t *testing.T) {
	a, now, _ := tokens(t)
	token, err := a.Mint(jane)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{noon.Add(-auth.Skew), noon, noon.Add(time.Hour - time.Second)} {
		*now = at
		if p, err := a.Authenticate(t.Context(), token); err != nil || p.Subject != "jane" || !reflect.DeepEqual(p.Roles, jane.Roles) || !p.Expires.Equal(jane.Expires) {
			t.Errorf("at %v: %+v, %v", at, p, err)
		}
	}
	*now = noon.Add(-auth.Skew - time.Second)
	refused(t, a, "before", token, auth.Unauthenticated, "not valid yet")
	for _, at := range []time.Time{jane.Expires, jane.Expires.Add(time.Second), jane.Expires.Add(auth.Skew)} {
		*now = at
		refused(t, a, "after", token, auth.Unauthenticated, "expired")
	}
}

func TestNoTokenIsMadeThatWouldBeRefused(t *testing.T) {
	a, _, _ := tokens(t)
	for name, p := range map[string]auth.Principal{
		"no subject": {Roles: jane.Roles, Expires: jane.Expires},
		"reserved":   {Subject: "import", Roles: jane.Roles, Expires: jane.Expires},
		"no role":    {Subject: "jane", Expires: jane.Expires},
		"no such":    {Subject: "jane", Roles: []auth.Role{0}, Expires: jane.Expires},
		"twice":      {Subject: "jane", Roles: []auth.Role{auth.Reader, auth.Reader}, Expires: jane.Expires},
		"for ever":   {Subject: "jane", Roles: jane.Roles},
		"gone":       {Subject: "jane", Roles: jane.Roles, Expires: noon},
	} {
		if token, err := a.Mint(p); err == nil {
			t.Errorf("%s: %s", name, token)
		}
	}
	longest := auth.Principal{Subject: strings.Repeat("𝔸", 200), Roles: auth.Roles(), Expires: jane.Expires}
	token, err := a.Mint(longest)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := a.Authenticate(t.Context(), token); err != nil || p.Subject != longest.Subject {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestOnlyWhatIsSignedHereIsTaken forges tokens in the ways that are known (RFC 8725).
func TestOnlyWhatIsSignedHereIsTaken(t *testing.T) {
	a, _, file := tokens(t)
	key := privateKey(t, file)
	public := key.Public().(ed25519.PublicKey)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := jwt.MapClaims{
		"iss": "rapporteur", "aud": "rapporteur", "sub": "jane", "roles": []string{"READER"},
		"iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	type forged struct {
		method jwt.SigningMethod
		key    any
		header map[string]any
		claims map[string]any // A nil is left out.
		code   auth.Code
		says   string
	}
	const no = auth.Unauthenticated
	for name, f := range map[string]forged{
		"good":                  {},
		"alg none":              {method: jwt.SigningMethodNone, key: jwt.UnsafeAllowNoneSignatureType, code: no},
		"HS256, public key":     {method: jwt.SigningMethodHS256, key: []byte(public), code: no},
		"HS256, its PEM":        {method: jwt.SigningMethodHS256, key: publicPEM(t, public), code: no},
		"HS256, the thumbprint": {method: jwt.SigningMethodHS256, key: []byte(thumbprint(t, public)), code: no},
		"another key":           {key: foreign, code: no, says: "signature is wrong"},
		"another key's kid":     {key: foreign, header: map[string]any{"kid": thumbprint(t, foreign.Public().(ed25519.PublicKey))}, code: no, says: "key that this server does not know"},
		"no kid":                {header: map[string]any{"kid": nil}, code: no, says: "key that this server"},
		"empty kid":             {header: map[string]any{"kid": ""}, code: no, says: "key that this server"},
		"kid a path":            {header: map[string]any{"kid": "../../etc/passwd"}, code: no, says: "key that this server"},
		"kid a list":            {header: map[string]any{"kid": []string{thumbprint(t, public)}}, code: no, says: "key that this server"},
		"key in the header":     {key: foreign, header: map[string]any{"kid": "x", "jwk": map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(foreign.Public().(ed25519.PublicKey))}}, code: no},
		"crit":                  {header: map[string]any{"crit": []string{"exp"}}, code: no, says: "must be understood"},
		"crit b64":              {header: map[string]any{"crit": []string{"b64"}, "b64": true}, code: no, says: "must be understood"},
		"alg another case":      {header: map[string]any{"alg": "eddsa"}, code: no},
		"no exp":                {claims: map[string]any{"exp": nil}, code: no},
		"exp a text":            {claims: map[string]any{"exp": "tomorrow"}, code: no},
		"exp before 1970":       {claims: map[string]any{"exp": -1}, code: no, says: "expired"},
		"expired":               {claims: map[string]any{"exp": noon.Add(-time.Second).Unix()}, code: no, says: "expired"},
		"nbf ahead":             {claims: map[string]any{"nbf": noon.Add(2 * time.Minute).Unix()}, code: no, says: "not valid yet"},
		"iat ahead":             {claims: map[string]any{"iat": noon.Add(2 * time.Minute).Unix()}, code: no, says: "not valid yet"},
		"no aud":                {claims: map[string]any{"aud": nil}, code: no},
		"aud empty":             {claims: map[string]any{"aud": []string{}}, code: no},
		"aud an empty text":     {claims: map[string]any{"aud": ""}, code: no},
		"another aud":           {claims: map[string]any{"aud": "other"}, code: no, says: "another server"},
		"no iss":                {claims: map[string]any{"iss": nil}, code: no},
		"another iss":           {claims: map[string]any{"iss": "other"}, code: no, says: "another issuer"},
		"no sub":                {claims: map[string]any{"sub": nil}, code: no, says: "subject is empty"},
		"sub a number":          {claims: map[string]any{"sub": 7}, code: no},
		"sub reserved":          {claims: map[string]any{"sub": "local"}, code: no, says: "program's own"},
		"sub too long":          {claims: map[string]any{"sub": strings.Repeat("x", 201)}, code: no, says: "201 characters"},
		"sub with bidi":         {claims: map[string]any{"sub": "jane\u202e"}, code: no, says: "cannot be printed"},
		"no roles":              {claims: map[string]any{"roles": nil}, code: no, says: "no role"},
		"roles empty":           {claims: map[string]any{"roles": []string{}}, code: no, says: "no role"},
		"roles a text":          {claims: map[string]any{"roles": "EDITOR"}, code: no},
		"roles unknown":         {claims: map[string]any{"roles": []string{"READER", "ADMIN"}}, code: no, says: "no such role"},
		"roles lower case":      {claims: map[string]any{"roles": []string{"editor"}}, code: no, says: "no such role"},
		"roles twice":           {claims: map[string]any{"roles": []string{"READER", "READER"}}, code: no, says: "twice"},
	} {
		given := maps.Clone(good)
		maps.Copy(given, f.claims)
		maps.DeleteFunc(given, func(_ string, v any) bool { return v == nil })
		if f.method == nil {
			f.method = jwt.SigningMethodEdDSA
		}
		if f.key == nil {
			f.key = key
		}
		token := jwt.NewWithClaims(f.method, given)
		token.Header["kid"] = thumbprint(t, public)
		maps.Copy(token.Header, f.header)
		maps.DeleteFunc(token.Header, func(_ string, v any) bool { return v == nil })
		signed, err := token.SignedString(f.key)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.code == "" {
			if p, err := a.Authenticate(t.Context(), signed); err != nil || p.Subject != "jane" {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
			// One bit of it changed anywhere makes it another.
			for i := range len(signed) {
				b := []byte(signed)
				b[i] ^= 1
				refused(t, a, fmt.Sprint("bit of byte ", i), string(b), no, "")
			}
			for name, changed := range map[string]string{
				"cut": signed[:len(signed)-1], "longer": signed + "A", "space": signed + " ", "dots": signed + ".", "twice": signed + "." + signed,
				"the same bytes, spelt otherwise": signed[:len(signed)-1] + string(signed[len(signed)-1]+1),
				"without signature":               signed[:strings.LastIndex(signed, ".")+1], "padded": signed + "=",
			} {
				refused(t, a, name, changed, no, "")
			}
			continue
		}
		refused(t, a, name, signed, f.code, f.says)
	}
	refused(t, a, "none", "", no, "A token is needed")
	for name, garbage := range map[string]string{
		"a word": "garbage", "dots": "..", "many dots": strings.Repeat(".", 4000), "null": "bnVsbA.bnVsbA.bnVsbA", "endless": strings.Repeat("A", 1<<20),
		"JSON": `{"payload":"","signatures":[]}`, "control": "\x00\x01", "not UTF-8": "\xff.\xff.\xff",
	} {
		refused(t, a, name, garbage, no, "")
	}
}

func publicPEM(t *testing.T, key ed25519.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// TestRotation: a new key signs, those before verify, and what is taken out of the file verifies nothing from that moment on.
func TestRotation(t *testing.T) {
	server, _, file := tokens(t)
	minter := &auth.Tokens{Keys: open(t, file), Clock: server.Clock}
	first, err := minter.Mint(jane)
	if err != nil {
		t.Fatal(err)
	}
	known := func(name, token string) {
		t.Helper()
		if _, err := server.Authenticate(t.Context(), token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	known("before", first)
	if err := minter.Keys.Rotate(false); err != nil {
		t.Fatal(err)
	}
	second, err := minter.Mint(jane)
	if err != nil {
		t.Fatal(err)
	}
	known("of the key before", first)
	known("of the new key", second)
	if err := minter.Keys.Rotate(true); err != nil {
		t.Fatal(err)
	}
	refused(t, server, "first", first, auth.Unauthenticated, "does not know, or knows no more")
	refused(t, server, "second", second, auth.Unauthenticated, "does not know, or knows no more")
	third, err := server.Mint(jane)
	if err != nil {
		t.Fatal(err)
	}
	known("third", third)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	// A server that has the public key alone knows the tokens, and can make none.
	if err := os.WriteFile(file, publicPEM(t, privateKey(t, file).Public().(ed25519.PublicKey)), 0o600); err != nil {
		t.Fatal(err)
	}
	known("third, by the public key", third)
	if _, err := server.Mint(jane); err == nil || !strings.Contains(err.Error(), "public keys alone") {
		t.Errorf("%v", err)
	}

	// Without its keys nobody is known, and it is not said that the token is wrong.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	refused(t, server, "no file", third, auth.Unavailable, "cannot read its keys now")
}

// TestWhoComesFirstMakesTheKey: all others who come at the same time get the same.
func TestWhoComesFirstMakesTheKey(t *testing.T) {
	for range 20 {
		file := filepath.Join(t.TempDir(), "a", "b", "keys.pem")
		var wait sync.WaitGroup
		minted := make(chan string, 8)
		all := make(chan *auth.Tokens, 8)
		for range 8 {
			wait.Go(func() {
				keys, _, err := auth.OpenKeys(file)
				if err != nil {
					t.Error(err)
					return
				}
				a := &auth.Tokens{Keys: keys, Clock: func() time.Time { return noon }}
				token, err := a.Mint(jane)
				if err != nil {
					t.Error(err)
				}
				minted <- token
				all <- a
			})
		}
		wait.Wait()
		close(minted)
		a := <-all
		for token := range minted {
			if _, err := a.Authenticate(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		for dir := filepath.Dir(file); filepath.Base(dir) == "a" || filepath.Base(dir) == "b"; dir = filepath.Dir(dir) {
			if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%s: %v, %v", dir, info.Mode(), err)
			}
		}
		if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
			t.Errorf("left behind: %v", entries)
		}
	}
}

// TestAKeyFileThatCannotBeUsedIsToldByWhatIsWrong, and without what is in it.
func TestAKeyFileThatCannotBeUsedIsToldByWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.pem")
	open(t, good)
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	rsa, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Split(text, "\n")[1]
	for name, c := range map[string]struct {
		make func(file string) error
		says string
	}{
		"empty":           {write("", 0o600), "no key in it"},
		"cut":             {write(text[:len(text)/2], 0o600), "cut short"},
		"the second cut":  {write(text+text[:len(text)-10], 0o600), "cut short"},
		"a bit":           {write(strings.Replace(text, "MC4C", "MC4D", 1), 0o600), "block 1 holds no key"},
		"words":           {write("canary secret", 0o600), "no key in it"},
		"a certificate":   {write(strings.ReplaceAll(text, "PRIVATE KEY", "CERTIFICATE"), 0o600), "block 1 is none of"},
		"another kind":    {write(text+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rsa})), 0o600), "block 2 holds a key of another kind"},
		"endless":         {write(strings.Repeat(text, 1000), 0o600), "more than"},
		"of the group":    {write(text, 0o660), "chmod 600"},
		"a folder":        {func(f string) error { return os.Mkdir(f, 0o700) }, "no regular file"},
		"a link nowhere":  {func(f string) error { return os.Symlink(filepath.Join(dir, "nowhere"), f) }, "leads nowhere"},
		"below a file":    {func(f string) error { return os.WriteFile(filepath.Dir(f), nil, 0o600) }, "not a directory"},
		"not to be taken": {func(f string) error { return os.WriteFile(f, content, 0o602) }, "chmod 600"},
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"), "keys.pem")
		if name != "below a file" {
			if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.make(file); err != nil {
			t.Fatal(err)
		}
		_ = os.Chmod(file, map[string]os.FileMode{"not to be taken": 0o602, "of the group": 0o660}[name]|0o600) // Whatever the umask is.
		_, _, err := auth.OpenKeys(file)
		if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), filepath.Dir(file)) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
	// A link that leads somewhere is followed, as orchestrators hand out secrets; rotating keeps it.
	link := filepath.Join(dir, "link.pem")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	if err := open(t, link).Rotate(false); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if now, err := os.ReadFile(good); err != nil || strings.Count(string(now), "BEGIN") != 2 {
		t.Errorf("%v %s", err, now)
	}
}

func write(content string, mode os.FileMode) func(string) error {
	return func(file string) error { return os.WriteFile(file, []byte(content), mode) }
}
