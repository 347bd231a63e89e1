package embedded

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropCache asks the kernel to forget what it cached of a file, so that the next read comes from the disk. After a failed
// sync the cache holds as clean what the disk never took. The kernel may decline; then the read is what it would have been.
func dropCache(f *os.File) { _ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) }
