package httpgraphql_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/rapporteur/rapporteur/graph/httpgraphql"
)

// TestAudit has a foreign judge, the audits of npm's graphql-http.
func TestAudit(t *testing.T) {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed; the audit needs it: run make setup", program)
		}
	}
	if _, err := os.Stat("audit/node_modules/graphql-http"); err != nil {
		install := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund")
		install.Dir = "audit"
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("npm ci in audit: %v; run make setup\n%s", err, out)
		}
	}
	server := httptest.NewServer(newHandler(httpgraphql.Config{}))
	defer server.Close()
	audit := exec.CommandContext(t.Context(), "node", "audit.mjs", server.URL+"/graphql")
	audit.Dir = "audit"
	out, err := audit.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("the audit: %v", err)
	}
}

func TestLockFileNamesNoRegistry(t *testing.T) {
	text, err := os.ReadFile("audit/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("://")) || bytes.Contains(text, []byte(`"resolved"`)) {
		t.Error("the lock file names a host; write it with omit-lockfile-registry-resolved=true")
	}
}
