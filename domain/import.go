package domain

// ImportCompleted says which input was recorded to its end. It is the only event of import-<sha256 of the input>.
type ImportCompleted struct {
	SHA256   string         `json:"sha256"`             // Of the input, 64 hexadecimal digits.
	Name     string         `json:"name"`               // What was imported: a folder's or a file's name, without its path.
	Recorded map[string]int `json:"recorded,omitempty"` // How many rows were recorded, by file.
	Skipped  int            `json:"skipped,omitzero"`   // How many rows were on record already.
}

func (e ImportCompleted) Stream() string { return importStream(e.SHA256) }
func (ImportCompleted) isEvent()         {}

// CompleteImport records that an input was recorded to its end.
type CompleteImport struct {
	SHA256, Name string
	Recorded     map[string]int
	Skipped      int
}

func (c CompleteImport) Stream() string { return importStream(c.SHA256) }
func (CompleteImport) isCommand()       {}
