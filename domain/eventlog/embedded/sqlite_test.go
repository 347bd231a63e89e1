package embedded_test

import (
	"testing"

	"github.com/ncruces/go-sqlite3"
)

// execute changes a database file behind the store's back, with its checksums kept right.
func execute(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := sqlite3.Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(sql); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}
