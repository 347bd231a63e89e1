package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cenkalti/backoff/v5"
	"github.com/google/renameio/v2"
)

// File keeps progress in a file: a line of JSON, replaced as a whole and synced, so that a crash leaves the one before or the new one.
type File struct {
	Path string
	// Receiver tells whose progress it is: that of one receiver is not taken for another's.
	Receiver string
}

type fileContent struct {
	Receiver string `json:"receiver"`
	Mark
}

// Last reads the file; without one nothing was published. A place where none can be made is found out before anything is.
func (f File) Last(context.Context) (Mark, error) {
	text, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		attempt, err := renameio.NewPendingFile(f.Path)
		if err == nil {
			err = attempt.Cleanup()
		}
		if err != nil {
			return Mark{}, backoff.Permanent(fmt.Errorf("the state cannot be kept: %w", err))
		}
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, backoff.Permanent(fmt.Errorf("read the state: %w", err))
	}
	var content fileContent
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&content); err != nil || content.Source == "" || content.LeafHash == "" {
		return Mark{}, backoff.Permanent(fmt.Errorf("%s is no state of a relay; name another file", f.Path))
	}
	if content.Receiver != f.Receiver {
		return Mark{}, backoff.Permanent(fmt.Errorf("%s is the state of another receiver; name a file for each", f.Path))
	}
	return content.Mark, nil
}

// Keep replaces the file.
func (f File) Keep(mark Mark) error {
	text, err := plain(fileContent{Receiver: f.Receiver, Mark: mark})
	if err == nil {
		err = renameio.WriteFile(f.Path, append(text, '\n'), 0o600)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(f.Path)) // Else the name may still lead to the old file after a power cut, which repeats a message and loses none.
	}
	if err != nil {
		return fmt.Errorf("keep the state: %w", err)
	}
	return nil
}

func syncFolder(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
