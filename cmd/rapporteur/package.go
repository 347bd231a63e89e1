package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rapporteur/rapporteur/graph/export"
)

type packageCommand struct {
	storeFlag
	asOfFlags
	Dir string `arg:"" placeholder:"DIR" help:"The folder to make; it must not be there, or be empty."`
}

// Run writes everything into a folder, which is there whole or not at all.
func (c *packageCommand) Run(ctx context.Context, out output) (err error) {
	if entries, err := os.ReadDir(c.Dir); err == nil && len(entries) > 0 {
		return &usage{fmt.Sprintf("the folder %s is not empty; name one that is not there yet", c.Dir)}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the package: %w", err)
	}
	log, err := c.Store.openExisting(ctx, out)
	if err != nil {
		return err
	}
	defer closeLog(log, &err)
	from := fromFlags{storeFlag: c.storeFlag, asOfFlags: c.asOfFlags}
	record, moment, err := from.read(ctx, log, export.Question{AsOf: c.asOfFlags.moment()}, out)
	if err != nil {
		return err
	}
	parent := filepath.Dir(filepath.Clean(c.Dir))
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	unfinished, err := os.MkdirTemp(parent, ".package-")
	if err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	defer os.RemoveAll(unfinished) // After a crash before the renaming a folder of this name is left, and nothing at DIR.
	files, err := writePackage(ctx, unfinished, record, moment)
	if err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	if err := os.Chmod(unfinished, 0o755); err != nil {
		return fmt.Errorf("write the package: %w", err)
	}
	if err := os.Rename(unfinished, c.Dir); err != nil { // Over an empty folder, too.
		return fmt.Errorf("write the package: %w", err)
	}
	_, err = fmt.Fprintf(out.out, "wrote %d files to %s, as of position %d\n", files, c.Dir, moment.At)
	return err
}

// writePackage writes the tables, citations, the network and the dictionary, and last what describes them.
func writePackage(ctx context.Context, dir string, record export.Record, m export.Moment) (files int, err error) {
	written := map[string]*measured{}
	for _, f := range export.Files {
		if f.Between || f.Format == "json" || f.Timeless && f.Format != "md" {
			continue // What JSON would say stands in the tables.
		}
		w, err := create(filepath.Join(dir, f.Name()))
		if err == nil {
			err = errors.Join(f.Write(ctx, w, record, m), w.finish())
		}
		if err != nil {
			return files, err
		}
		written[f.Name()] = w
		files++
	}
	text, err := export.Package(record, m, export.File.Name, func(f export.File) (int64, string) {
		w := written[f.Name()]
		return w.bytes, hex.EncodeToString(w.hash.Sum(nil))
	})
	if err != nil {
		return files, err
	}
	w, err := create(filepath.Join(dir, "datapackage.json"))
	if err != nil {
		return files, err
	}
	_, err = w.Write(text)
	return files + 1, errors.Join(err, w.finish())
}

// measured is a file that counts and hashes what is written to it.
type measured struct {
	io.Writer
	file  *os.File
	hash  hash.Hash
	bytes int64
}

func create(path string) (*measured, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	return &measured{Writer: io.MultiWriter(file, sum), file: file, hash: sum}, nil
}

func (m *measured) Write(b []byte) (int, error) {
	n, err := m.Writer.Write(b)
	m.bytes += int64(n)
	return n, err
}

// finish closes the file once it is on disk.
func (m *measured) finish() error { return errors.Join(m.file.Sync(), m.file.Close()) }
