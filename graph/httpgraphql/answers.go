package httpgraphql

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"hash"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Answers says which answers to queries may be given again, as they were, to whoever asks the same: the same document, operation name,
// variables and, where Config.Audience tells those apart who ask, audience. Without Version and Lasts none are.
//
// An answer is kept only if it has data and no errors: what went wrong once may not do so again, and ids of errors are of one request.
// Config.Admit is asked before an answer is given again, and the shares of clients hold for it; it needs no place to run. It met all
// other limits when it was made, and they are the same as long as the handler lives.
type Answers struct {
	// Bytes bounds all answers that are kept: 64 MiB.
	Bytes int
	// Version names the state that an operation which begins now is answered from. What is read from states of equal version is equal.
	Version func() uint64
	// Lasts says, after execution and under the context that Prepare returned, for which versions an answer is the same: for the one that
	// the operation was begun at, or for all. It is not kept unless ok.
	Lasts func(ctx context.Context) (version uint64, always, ok bool)
}

func (a Answers) none() bool { return a.Version == nil || a.Lasts == nil }

// whole is an answer as it is sent.
type whole struct {
	body    []byte
	control string // Cache-Control of the answer to GET; empty is no-store.

	mu   sync.Mutex
	tags [2]string // For mediaResponse and mediaJSON, since the same bytes under another media type are another representation.
}

// tag gives the ETag, which is computed when it is asked for first.
func (w *whole) tag(media string) string {
	tag := &w.tags[0]
	if media == mediaJSON {
		tag = &w.tags[1]
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if *tag == "" {
		*tag = entityTag(media, w.body)
	}
	return *tag
}

// held is about how many bytes it takes in all. What is asked for by GET may get an ETag under each media type.
func (w *whole) held() int {
	const self, tag = 80, 48
	if w.control == "" {
		return cap(w.body) + self
	}
	return cap(w.body) + self + len(w.tags)*tag
}

// answer is the answer to a request that takes a media type.
func (w *whole) answer(media, method string) *answer {
	a := &answer{media: media, whole: w, cache: "no-store"}
	if w.control != "" && method != http.MethodPost {
		a.cache, a.tagged = w.control, true
	}
	return a
}

// question is what an answer depends on, but for the version.
type question [sha256.Size]byte

func (h *Handler) question(ctx context.Context, params *graphql.RawParams) (question, bool) {
	if h.config.Answers.none() {
		return question{}, false
	}
	variables := []byte("{}")
	if len(params.Variables) > 0 {
		var err error
		if variables, err = json.Marshal(params.Variables); err != nil {
			return question{}, false // unreachable: they were read from JSON
		}
	}
	var audience string
	if h.config.Audience != nil {
		audience = h.config.Audience(ctx)
	}
	sum := sha256.New()
	for _, part := range []string{params.Query, params.OperationName, string(variables), audience} {
		writePart(sum, part)
	}
	return question(sum.Sum(nil)), true
}

// writePart writes a part with its length before it, so that no two lists of parts are one text.
func writePart(sum hash.Hash, part string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	sum.Write(length[:])
	sum.Write([]byte(part))
}

// at is the key of an answer that is the same for one version.
func (q question) at(version uint64) [sha256.Size]byte {
	var text [sha256.Size + 8]byte
	copy(text[:], q[:])
	binary.BigEndian.PutUint64(text[sha256.Size:], version)
	return sha256.Sum256(text[:])
}

// known gives an answer that may be given again. The version is that of the beginning, so that no answer is older than what whoever
// asks has seen already.
func (h *Handler) known(ctx context.Context, q question) *whole {
	if h.config.Admit != nil && h.config.Admit(ctx) != nil {
		return nil // The refusal is made where all are.
	}
	version := h.config.Answers.Version()
	if found, ok := h.wholes.get(q); ok {
		return found
	}
	found, _ := h.wholes.get(q.at(version))
	return found
}

// keep makes an answer whole and keeps it; nil if it may not be given again. The context is that of its execution.
func (h *Handler) keep(ctx context.Context, q question, operation *graphql.OperationContext, response *graphql.Response, control string) *whole {
	if operation.Operation.Operation != ast.Query || response.Data == nil || len(response.Errors) > 0 {
		return nil
	}
	version, always, ok := h.config.Answers.Lasts(ctx)
	if !ok {
		return nil
	}
	head, tail, err := envelope(true, nil, response.Extensions)
	if err != nil {
		return nil // It is told when the answer is sent.
	}
	made := &whole{control: control, body: make([]byte, 0, len(head)+len(response.Data)+len(tail))}
	made.body = append(append(append(made.body, head...), response.Data...), tail...)
	key := [sha256.Size]byte(q)
	if !always {
		key = q.at(version)
	}
	h.wholes.add(key, made, made.held())
	return made
}
