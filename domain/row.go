package domain

// Row is one row of a file that is imported: what it would record, and where it stands.
// Rows are decided one after another against a World that holds everything recorded and every row before.
type Row struct {
	// File and Line say where the row begins; Line counts from 1, the header line included.
	File string
	Line int
	// Key is the idempotency key: derived from the kind of file and the row's cells, so that the same row gives the same key.
	Key string
	// Columns gives the column of the file for a field's path in a Fault ("points" also serves for "points.0.text"),
	// and Cells the row's values by column, for messages.
	Columns map[string]string
	Cells   map[string]string
	// Command gives the command against what is known when the row's turn comes, or why there is none.
	// It may be called more than once.
	Command func(*World) (Command, *Refusal)
}
