package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	wmnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
)

// StreamConfig says which stream of NATS JetStream is published to.
type StreamConfig struct {
	URL         string // nats:// or tls://, of one or more servers of a cluster, with commas between them.
	Credentials string // A file of the form that nsc makes, or empty.
	Name        string // The stream's. It is made if it is not there.
	Subject     string // Its only subject.
	Logger      *slog.Logger
}

// Stream publishes to a stream of NATS JetStream, and knows from it how far it is.
//
// A message has its position as Nats-Msg-Id, so that the server drops one that was sent twice within its window, and the position of
// the one before it as Nats-Expected-Last-Msg-Id, so that it refuses one that was sent twice later, and a second relay beside this
// one; the very first expects an empty stream. The stream holds one feed and nothing else.
type Stream struct {
	config StreamConfig
	conn   *nats.Conn
	js     nats.JetStreamContext
	inner  *wmnats.Publisher
}

var (
	_ message.Publisher = (*Stream)(nil)
	_ Progress          = (*Stream)(nil)
)

// natsPatience is how long an answer of the server is waited for.
const natsPatience = 5 * time.Second

// OpenStream prepares a connection. It need not be there yet, and comes back by itself when it is lost.
func OpenStream(config StreamConfig) (*Stream, error) {
	if config.Name == "" || strings.ContainsAny(config.Name, " \t\r\n.*>/\\") {
		return nil, fmt.Errorf("%q is no name of a stream: it must have no blanks and none of . * > / \\", config.Name)
	}
	if config.Subject == "" || strings.ContainsAny(config.Subject, " \t\r\n*>") || slices.Contains(strings.Split(config.Subject, "."), "") {
		return nil, fmt.Errorf("%q is no subject: it has words with dots between them, without blanks, * and >", config.Subject)
	}
	options := []nats.Option{
		nats.Name("rapporteur relay"), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true),
		nats.ReconnectBufSize(-1), // What is sent without a connection fails at once; it is sent again by us.
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				config.Logger.Warn("the connection to NATS was lost", "error", err)
			}
		}),
	}
	if config.Credentials != "" {
		options = append(options, nats.UserCredentials(config.Credentials))
	}
	conn, err := nats.Connect(config.URL, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", hostsOf(config.URL), withoutAddress(err))
	}
	s := &Stream{config: config, conn: conn}
	if s.js, err = conn.JetStream(nats.MaxWait(natsPatience)); err == nil {
		s.inner, err = wmnats.NewPublisherWithNatsConn(conn, wmnats.PublisherPublishConfig{
			Marshaler: marshaler{}, SubjectCalculator: wmnats.DefaultSubjectCalculator,
			JetStream: wmnats.JetStreamConfig{ConnectOptions: []nats.JSOpt{nats.MaxWait(natsPatience)}},
		}, nil)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	return s, nil
}

// hostsOf gives the hosts of addresses, without what may be a password in them.
func hostsOf(addresses string) string {
	var hosts []string
	for address := range strings.SplitSeq(addresses, ",") {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return strings.Join(hosts, ",")
}

// marshaler makes a NATS message as the NATS protocol binding of CloudEvents has it in structured mode, under the ids that Stream tells of.
type marshaler struct{}

func (marshaler) Marshal(topic string, m *message.Message) (*nats.Msg, error) {
	out := nats.NewMsg(topic)
	out.Data = m.Payload
	out.Header.Set("Content-Type", ContentType)
	out.Header.Set(nats.MsgIdHdr, m.UUID)
	if previous := m.Metadata.Get(metadataPrevious); previous != "" {
		out.Header.Set(nats.ExpectedLastMsgIdHdr, previous)
	} else {
		out.Header.Set(nats.ExpectedLastSeqHdr, "0")
	}
	return out, nil
}

// connected says why there is no connection, or nothing.
func (s *Stream) connected() error {
	if s.conn.IsConnected() {
		return nil
	}
	err := fmt.Errorf("there is no connection to NATS at %s", hostsOf(s.config.URL))
	if last := s.conn.LastError(); last != nil {
		err = fmt.Errorf("%w: %w", err, withoutAddress(last))
	}
	return err
}

// Publish sends messages to the stream's subject and returns when the stream has them.
func (s *Stream) Publish(_ string, messages ...*message.Message) error {
	if err := s.connected(); err != nil {
		return err
	}
	for _, m := range messages {
		err := s.inner.Publish(s.config.Subject, m)
		if refused := (*nats.APIError)(nil); errors.As(err, &refused) && (refused.ErrorCode == wrongLastMessage || refused.ErrorCode == wrongLastSequence) {
			err = s.compare(m)
		}
		switch {
		case errors.Is(err, nats.ErrMaxPayload):
			return backoff.Permanent(fmt.Errorf("the message at position %s has %d bytes, which is more than the NATS server takes (max_payload)", m.UUID, len(m.Payload)))
		case err != nil:
			return err
		}
	}
	return nil
}

// The error codes of JSStreamWrongLastMsgIDErrF and JSStreamWrongLastSequenceErrF in nats-server, server/errors.json: the stream does
// not end as the message expects.
const (
	wrongLastMessage  = 10070
	wrongLastSequence = 10071
)

// compare looks at what the stream ends with, where it is not what we think: that may be the message itself, of which the confirmation
// was lost.
func (s *Stream) compare(m *message.Message) error {
	last, err := s.Last(m.Context())
	if err != nil {
		return err
	}
	sent, err := markOf(m.Payload)
	if err != nil {
		return backoff.Permanent(err)
	}
	if last == sent {
		return nil
	}
	return backoff.Permanent(fmt.Errorf("the stream %s ends with position %d and not with the one before %d: something else publishes into it, too; have one relay for each stream", s.config.Name, last.At, sent.At))
}

// Last gives the last message of the stream, which is made if it is not there.
func (s *Stream) Last(ctx context.Context) (Mark, error) {
	if err := s.connected(); err != nil {
		return Mark{}, err
	}
	wait, stop := context.WithTimeout(ctx, natsPatience)
	defer stop()
	info, err := s.js.StreamInfo(s.config.Name, nats.Context(wait))
	if errors.Is(err, nats.ErrStreamNotFound) {
		info, err = s.js.AddStream(&nats.StreamConfig{
			Name: s.config.Name, Description: "A feed of rapporteur", Subjects: []string{s.config.Subject}, Storage: nats.FileStorage,
		}, nats.Context(wait))
		if refused := (*nats.APIError)(nil); errors.As(err, &refused) && refused.Code/100 == 4 {
			return Mark{}, backoff.Permanent(fmt.Errorf("make the stream %s for %s: %w", s.config.Name, s.config.Subject, err))
		}
	}
	switch {
	case err != nil:
		return Mark{}, fmt.Errorf("look at the stream %s at %s: %w", s.config.Name, hostsOf(s.config.URL), err)
	case !slices.Equal(info.Config.Subjects, []string{s.config.Subject}):
		return Mark{}, backoff.Permanent(fmt.Errorf("the stream %s has the subjects %s, and must have %s alone: how far the feed is is told by its last message", s.config.Name, strings.Join(info.Config.Subjects, ", "), s.config.Subject))
	case info.State.LastSeq == 0:
		return Mark{}, nil
	case info.State.Msgs == 0:
		return Mark{}, backoff.Permanent(fmt.Errorf("the stream %s has lost its messages, and with them how far the feed is; publish into a new one, with --from", s.config.Name))
	}
	last, err := s.js.GetLastMsg(s.config.Name, s.config.Subject, nats.Context(wait))
	if err != nil {
		return Mark{}, fmt.Errorf("read the last message of the stream %s: %w", s.config.Name, err)
	}
	mark, err := markOf(last.Data)
	if err != nil || last.Header.Get(nats.MsgIdHdr) != strconv.FormatUint(mark.At, 10) {
		return Mark{}, backoff.Permanent(fmt.Errorf("the last message of the stream %s was not published by a relay (%w)", s.config.Name, errors.Join(err)))
	}
	return mark, nil
}

// Keep has nothing to do: the message itself is what is remembered.
func (s *Stream) Keep(Mark) error { return nil }

// Close closes the connection.
func (s *Stream) Close() error { return s.inner.Close() }
