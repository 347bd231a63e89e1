// Package embedded is the log on one machine: a folder with one SQLite file, written through github.com/ncruces/go-sqlite3.
//
// FORMAT.md says every file, table and byte, so that an auditor reads a store without this program.
//
// Laws:
//   - An append is acknowledged when its transaction has been synced (WAL, synchronous=FULL) and has been counted in the
//     file `acknowledged`. Never before.
//   - One goroutine writes. It takes all waiting steps into one transaction with one sync, so that the price of a sync is
//     shared by all who wait for it; it alone knows the heads of the streams, so that an expected revision costs no query.
//   - Positions are 1, 2, 3 … without a gap, and so are the revisions of a stream from 0.
//   - The write-ahead log is folded back into the file beside the writer, by a goroutine of its own; only the last part, what was
//     appended meanwhile, is the writer's. checkpoint.go says why that is safe.
//   - The write-ahead log grows in steps, by zeros, so that a commit does not pay for its growth beside its sync.
//   - Readers have connections of their own and read in batches, each a short transaction. Since no row ever changes,
//     batches below a fixed last position are one snapshot; and no reader keeps the write-ahead log from being folded back.
//   - Each row carries the hash of its leaf. What is read is hashed and compared before anyone sees it.
//   - What opens shorter than it was acknowledged, or with another Merkle root, is refused by name before anything in it is
//     changed. A page that does not match its checksum is found later, when the write-ahead log has been folded back: the
//     record holds the same as before, but in one file. Nothing here repairs by cutting.
//   - A sync that failed is never tried again and believed: the kernel marks the pages clean (Rebello et al., "Can
//     Applications Recover from fsync Failures?", ATC 2020). The writer stops, closes everything, drops what the kernel
//     cached, reads the store from the disk as at any start, folds the write-ahead log back with a sync of its own,
//     and only then takes appends again. What this process acknowledged it compares, too: a disk that comes back with an
//     older record and an older count is refused.
//
// # Why SQLite, and not a file of our own
//
// 2026-11-24. A file of length-prefixed records is faster by as much as our benchmarks say; they report against one.
// A negotiation writes some thousand events a year. What counts is that an auditor opens the file with a tool that will
// exist in thirty years, and that the code which orders writes, syncs and recovers is tested better than ours would be.
//
// # Why checks beside those of SQLite
//
// SQLite keeps no checksums of its pages: a flipped bit in a text is returned as data. And a flipped bit in the write-ahead
// log makes it forget that commit and all later ones without a word, since it cannot tell it from a commit that was under
// way when the power went. So pages carry checksums (SQLite's own checksum VFS), rows carry the hash of their leaf,
// and the number and the Merkle root of what was acknowledged stand in a file of their own.
package embedded
