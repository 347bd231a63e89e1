//go:build !linux

package embedded

import "os"

func dropCache(*os.File) {}
