package eventstoredb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rapporteur/rapporteur/domain/eventlog"
)

var (
	// errStalled says that a call gave nothing for too long.
	errStalled = errors.New("the server gives nothing")
	// errBehind says that a node has not come so far as it must be.
	errBehind = errors.New("the node that is read has not come so far as the record")
)

// code gives the client's own code of an error, which comes wrapped in others.
func code(err error) (esdb.ErrorCode, bool) {
	if e := (*esdb.Error)(nil); errors.As(err, &e) {
		return e.Code(), true
	}
	return 0, false
}

// breaks says whether a client is to be replaced after an error.
func breaks(err error) bool {
	if err == nil {
		return false
	}
	if p := (*panicked)(nil); errors.As(err, &p) || errors.Is(err, errStalled) {
		return true
	}
	c, ok := code(err)
	switch {
	case ok && (c == esdb.ErrorCodeConnectionClosed || c == esdb.ErrorUnavailable || c == esdb.ErrorCodeDeadlineExceeded):
		return true
	case strings.Contains(err.Error(), "maximum discovery attempt count reached"): // It has no code of its own, and the client is dead.
		return true
	}
	return status.Code(cause(err)) == codes.Unavailable // As a subscription gives it.
}

// cause is the error below those of the client, with which it came from gRPC.
func cause(err error) error {
	if e := (*esdb.Error)(nil); errors.As(err, &e) && e.Err() != nil {
		return e.Err()
	}
	return err
}

// refusal says in words why a call was refused that would be refused again, however often it is made; nil if it may be made again.
func refusal(err error) error {
	switch c, _ := code(err); c {
	case esdb.ErrorCodeAccessDenied:
		return fmt.Errorf("%w: the store denies access; the user of the connection string must be allowed to read $all and to append to the streams of the prefix", eventlog.ErrUnavailable)
	case esdb.ErrorCodeUnauthenticated:
		return fmt.Errorf("%w: the store does not know the user, or the password is another", eventlog.ErrUnavailable)
	case esdb.ErrorCodeStreamDeleted:
		return fmt.Errorf("%w: the stream was deleted in the store", eventlog.ErrCorrupt)
	case esdb.ErrorCodeUnsupportedFeature:
		return fmt.Errorf("%w: the store does not know the call: %w", eventlog.ErrUnavailable, err)
	}
	switch status.Code(cause(err)) {
	case codes.InvalidArgument, codes.PermissionDenied, codes.Unauthenticated:
		return fmt.Errorf("%w: the store refuses: %s", eventlog.ErrUnavailable, status.Convert(cause(err)).Message())
	}
	return nil
}

// unsent says whether an error means that nothing of an append can have been recorded.
func unsent(err error) bool {
	c, _ := code(err)
	return errors.Is(err, errNotSent) || c == esdb.ErrorCodeConnectionClosed || c == esdb.ErrorCodeNotLeader
}

// actual gives the revision at which a stream was when the server refused an append. It is told in the error's text alone.
func actual(err error) (eventlog.Revision, bool) {
	if c, ok := code(err); !ok || c != esdb.ErrorCodeWrongExpectedVersion {
		return 0, false
	}
	_, text, ok := strings.Cut(cause(err).Error(), " but got '")
	if !ok {
		return 0, false
	}
	text = strings.TrimSuffix(text, "'")
	if text == "no_stream" {
		return eventlog.NoStream, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return eventlog.Revision(n), err == nil
}

// isEOF says whether a reading has come to its end.
func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// ended gives why an operation must end: that the log was closed, or that the context is over.
func (l *Log) ended(ctx context.Context) error {
	if l.life.Err() != nil {
		return eventlog.ErrClosed
	}
	return ctx.Err()
}
