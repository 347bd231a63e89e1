//go:build unix

package embedded

import (
	"errors"
	"os"
	"syscall"
)

// lockExclusively takes the lock of a file if nobody has it. The system gives it back when the process ends, however it
// ends. flock and not fcntl: the lock belongs to the open file, so a second Open in this process is refused too.
func lockExclusively(f *os.File) (ok bool, err error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, syscall.EINTR):
			continue
		}
		return false, err
	}
}
