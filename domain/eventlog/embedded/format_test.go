package embedded_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"

	"github.com/rapporteur/rapporteur/domain/eventlog/embedded"
	"github.com/rapporteur/rapporteur/domain/eventlog/leaf"
)

// fenced gives the blocks of a document that are marked with a language.
func fenced(text, language string) (blocks []string) {
	for _, part := range strings.Split(text, "\n```"+language+"\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// FORMAT.md is for people who have nothing else: each statement in it runs on a real store, as the text says it does.
func TestFormatDocumentHolds(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	if diff := cmp.Diff(embedded.Schema, strings.Split(strings.Join(fenced(text, "schema"), "\n"), "\n")); diff != "" {
		t.Errorf("schema (-program +document):\n%s", diff)
	}

	h, closed, killed := written(t, config)
	for _, dir := range []string{closed, killed} {
		conn, err := sqlite3.OpenFlags("file:"+filepath.Join(dir, "record.db")+"?mode=ro", sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		statements := 0
		for sql := strings.Join(fenced(text, "sql"), "\n"); strings.TrimSpace(sql) != ""; {
			statement, rest, err := conn.Prepare(sql)
			if err != nil {
				t.Fatalf("%v in %.200s", err, sql)
			}
			// What is said to come out stands as a comment on the same line.
			_, want, claimed := strings.Cut(strings.SplitN(rest, "\n", 2)[0], "-- ")
			text := strings.TrimSpace(sql[:len(sql)-len(rest)])
			sql = rest
			if statement == nil {
				break
			}
			statements++
			var rows []string
			for statement.Step() {
				var columns []string
				for i := range statement.ColumnCount() {
					columns = append(columns, statement.ColumnText(i))
				}
				rows = append(rows, strings.Join(columns, "|"))
			}
			if err := statement.Err(); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			switch got := strings.Join(rows, "\n"); {
			case claimed && want == "nothing" && got == "", claimed && got == want:
			case claimed:
				t.Errorf("%.100s gives %q, the document says %q", text, got, want)
			case len(rows) == 0:
				t.Errorf("%.100s gives nothing", text)
			}
			if strings.Contains(text, "AS sha256") {
				for _, row := range rows {
					bytes, hash, _ := strings.Cut(row, "}|")
					if sum := sha256.Sum256([]byte("\x00" + bytes + "}")); fmt.Sprintf("%x", sum) != hash {
						t.Errorf("the leaf of the document has another hash: %.100s", row)
					}
				}
			}
			statement.Close()
		}
		if statements < 12 {
			t.Errorf("only %d statements were found", statements)
		}
	}
	checkAcknowledgedAsDocumented(t, h, closed)
}

// checkAcknowledgedAsDocumented reads the file by the table in the document alone.
func checkAcknowledgedAsDocumented(t *testing.T, h *history, dir string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(dir, "acknowledged"))
	if err != nil {
		t.Fatal(err)
	}
	var f leaf.Frontier
	var hasher leaf.Hasher
	revisions := make(map[string]int64)
	for _, a := range h.steps {
		for _, e := range a.step.Events {
			hash, _ := hasher.Hash(e.ID, a.step.Stream, e.Type, revisions[a.step.Stream], e.Data, e.Metadata)
			revisions[a.step.Stream]++
			f.Append(hash)
		}
	}
	root := f.Root()
	var numbers []uint64
	for _, slot := range [][]byte{file[0:128], file[4096 : 4096+128]} {
		number := binary.BigEndian.Uint64(slot[40:48])
		numbers = append(numbers, number)
		sum, mark := sha256.Sum256(slot[:96]), sha256.Sum256(slot[40:48])
		for what, ok := range map[string]bool{
			"0–7":    string(slot[0:8]) == "rapp-ack",
			"8–11":   binary.BigEndian.Uint32(slot[8:12]) == 1,
			"12–15":  binary.BigEndian.Uint32(slot[12:16]) == 0,
			"32–39":  slices.Equal(slot[32:40], mark[:8]),
			"48–55":  binary.BigEndian.Uint64(slot[48:56]) == f.Size(),
			"56–87":  slices.Equal(slot[56:88], root[:]),
			"88–95":  binary.BigEndian.Uint64(slot[88:96]) == 0,
			"96–127": slices.Equal(slot[96:128], sum[:]),
		} {
			if !ok {
				t.Errorf("slot %d: bytes %s are not as documented", number, what)
			}
		}
	}
	if numbers[0]%2 != 0 || numbers[1]%2 != 1 {
		t.Errorf("slots number %d", numbers)
	}
}
