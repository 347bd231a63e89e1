package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Keys are the Ed25519 keys that sign and verify tokens. They stand in a file of PEM blocks, as openssl genpkey writes them
// (PKCS #8, RFC 8410): the first private key signs, all keys verify. A block with a public key alone verifies what another
// machine signs. The file is looked at whenever a key is needed, so that taking a key out of it ends all of its tokens at once.
type Keys struct {
	file string

	mu     sync.Mutex
	seen   os.FileInfo // Of the file that was read last.
	loaded *keyring
}

// keyring are the keys of a file.
type keyring struct {
	signer ed25519.PrivateKey // Nil where there are public keys alone.
	public map[string]ed25519.PublicKey
}

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// OpenKeys reads a file of keys. Where there is none it is made, with one new key, by whoever comes first: another who comes at
// the same time gets the same. Folders that are missing are made, for their owner alone.
func OpenKeys(file string) (k *Keys, made bool, err error) {
	k = &Keys{file: file}
	_, err = k.current()
	if errors.Is(err, fs.ErrNotExist) {
		switch err := k.write(os.Link, 0o600, newBlock()); {
		case err == nil:
			made = true
		case !errors.Is(err, fs.ErrExist):
			return nil, false, fmt.Errorf("make the key file %s: %w; name another place with --token-key FILE", file, err)
		}
		_, err = k.current()
	}
	return k, made, err
}

// Rotate puts a new key before the others, which go on verifying what they signed; with retire they are taken out, and their
// tokens end.
func (k *Keys) Rotate(retire bool) error {
	info, err := os.Stat(k.file)
	if err != nil {
		return fmt.Errorf("the key file: %w", err)
	}
	blocks := newBlock()
	if !retire {
		old, err := os.ReadFile(k.file)
		if err != nil {
			return fmt.Errorf("the key file: %w", err)
		}
		blocks = append(blocks, old...)
	}
	if err := k.write(os.Rename, info.Mode().Perm(), blocks); err != nil {
		return fmt.Errorf("write the key file %s: %w", k.file, err)
	}
	_, err = k.current()
	return err
}

// write brings a file into its place whole or not at all.
func (k *Keys) write(place func(from, to string) error, mode fs.FileMode, content []byte) error {
	file := k.file
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // What a link leads to is replaced, not the link.
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, filepath.Base(file)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), file); err != nil {
		return err
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func newBlock() []byte {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // unreachable: the random numbers of the system do not fail (crypto/rand).
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err) // unreachable: it is a key.
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: der})
}

// current gives the keys as they stand in the file.
func (k *Keys) current() (*keyring, error) {
	info, err := os.Stat(k.file)
	if err != nil {
		if link, _ := os.Lstat(k.file); link != nil && link.Mode()&fs.ModeSymlink != 0 {
			return nil, fmt.Errorf("the key file %s is a link that leads nowhere; remove it, or put a file there", k.file)
		}
		return nil, fmt.Errorf("the key file: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// A file that took another's place is another file; one that was written again has another time or size.
	if k.seen != nil && os.SameFile(k.seen, info) && k.seen.ModTime().Equal(info.ModTime()) && k.seen.Size() == info.Size() {
		return k.loaded, nil
	}
	ring, err := readKeys(k.file, info)
	if err != nil {
		return nil, err
	}
	k.seen, k.loaded = info, ring
	return ring, nil
}

// maxKeyFile is how large a key file may be: some hundreds of keys.
const maxKeyFile = 64 << 10

func readKeys(file string, info os.FileInfo) (*keyring, error) {
	wrong := func(what string) (*keyring, error) {
		return nil, fmt.Errorf("the key file %s cannot be used: %s", file, what)
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return wrong("it is no regular file")
	case mode.Perm()&0o022 != 0:
		// Reading is not refused: orchestrators hand out secrets that a container's every user may read.
		return wrong(fmt.Sprintf("others than its owner may write it (mode %#o), and so be whoever they like: chmod 600 it, and look whose keys are in it", mode.Perm()))
	case info.Size() > maxKeyFile:
		return wrong(fmt.Sprintf("it has %d bytes, more than %d", info.Size(), maxKeyFile))
	}
	rest, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the key file: %w", err)
	}
	ring := &keyring{public: map[string]ed25519.PublicKey{}}
	for number := 1; ; number++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		var key any
		switch block.Type {
		case privateBlock:
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case publicBlock:
			key, err = x509.ParsePKIXPublicKey(block.Bytes)
		default:
			return wrong(fmt.Sprintf("its block %d is none of %s and %s", number, privateBlock, publicBlock))
		}
		if err != nil { // What is wrong in a key is not told: the error may quote it.
			return wrong(fmt.Sprintf("its block %d holds no key; put the file back from a copy, or make an Ed25519 key by openssl genpkey -algorithm ed25519", number))
		}
		switch key := key.(type) {
		case ed25519.PrivateKey:
			if ring.signer == nil {
				ring.signer = key
			}
			ring.add(key.Public().(ed25519.PublicKey))
		case ed25519.PublicKey:
			ring.add(key)
		default:
			return wrong(fmt.Sprintf("its block %d holds a key of another kind than Ed25519", number))
		}
	}
	if strings.Contains(string(rest), "-----") { // Decode passes over a block that is not whole.
		return wrong("it is cut short, or a block in it is damaged; put it back from a copy")
	}
	if len(ring.public) == 0 {
		return wrong("there is no key in it; remove the file, and a new one is made")
	}
	return ring, nil
}

func (r *keyring) add(key ed25519.PublicKey) { r.public[thumbprint(key)] = key }

// thumbprint names a key: its JWK thumbprint (RFC 7638, with the members that RFC 8037, section 2, has for Ed25519).
func thumbprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
