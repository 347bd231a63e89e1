//go:build !unix

package embedded

import (
	"errors"
	"os"
)

// lockExclusively refuses: without a lock that ends with its process two writers could meet in one store.
func lockExclusively(*os.File) (bool, error) {
	return false, errors.New("the embedded store needs a system with flock")
}
