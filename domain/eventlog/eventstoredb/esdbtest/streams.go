package esdbtest

import (
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type streamsService struct {
	streams.UnimplementedStreamsServer
	node *node
}

// Append takes an append.
func (s *streamsService) Append(call streams.Streams_AppendServer) error {
	ctx, c := call.Context(), s.node.cluster
	var fault *Fault
	if err := s.node.enter(ctx, Append, &fault); err != nil {
		return err
	}
	request, err := call.Recv()
	if err != nil {
		return err
	}
	options := request.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "an append begins with its options")
	}
	stream := string(options.GetStreamIdentifier().GetStreamName())
	c.mu.Lock()
	maxSize := c.maxAppendSize
	c.mu.Unlock()
	var events []*record
	for size := 0; ; {
		if fault != nil && fault.How == EarlyEnd {
			return status.Error(fault.Code, "ended on purpose")
		}
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		m := request.GetProposedMessage()
		if m == nil {
			return status.Error(codes.InvalidArgument, "a message without an event")
		}
		size += len(m.GetData()) + len(m.GetCustomMetadata())
		if size > maxSize {
			return status.Errorf(codes.InvalidArgument, "Maximum Append Size of %d Exceeded.", maxSize)
		}
		events = append(events, &record{
			id: fromUUID(m.GetId()), data: m.GetData(), custom: m.GetCustomMetadata(),
			metadata: map[string]string{"type": m.GetMetadata()["type"], "content-type": m.GetMetadata()["content-type"]},
		})
	}
	c.mu.Lock()
	leader, refuse := c.leader, c.refuse
	c.mu.Unlock()
	switch {
	case leader < 0:
		return status.Error(codes.Unavailable, "Server Is Not Ready")
	case leader != s.node.number && refuse:
		host, port, err := c.leaderAddress()
		if err != nil {
			return status.Error(codes.Unavailable, "Server Is Not Ready")
		}
		call.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
		return status.Error(codes.NotFound, "Leader info available")
	}
	expected := expectation{}
	switch e := options.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_NoStream:
		expected.kind = expectNoStream
	case *streams.AppendReq_Options_StreamExists:
		expected.kind = expectExists
	case *streams.AppendReq_Options_Revision:
		expected = expectation{expectRevision, e.Revision}
	}
	answer := c.log.append(stream, expected, events)
	if err := s.node.leave(ctx, fault); err != nil {
		return err
	}
	return call.SendAndClose(answer.response(expected))
}

// response is the answer in the words of the protocol.
func (a appended) response(expected expectation) *streams.AppendResp {
	if a.ok {
		success := &streams.AppendResp_Success{CurrentRevisionOption: &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}}
		if a.current >= 0 {
			success.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(a.current)}
		}
		success.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
		if a.position != nil {
			success.PositionOption = &streams.AppendResp_Success_Position{
				Position: &streams.AppendResp_Position{CommitPosition: a.position.commit, PreparePosition: a.position.prepare},
			}
		}
		return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: success}}
	}
	wrong := &streams.AppendResp_WrongExpectedVersion{
		CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}},
	}
	if a.current >= 0 {
		wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(a.current)}
	}
	switch expected.kind {
	case expectNoStream:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
	case expectExists:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
	case expectRevision:
		wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: expected.revision}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}
}

// Read reads a stream or $all, or subscribes to it.
func (s *streamsService) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	options := request.GetOptions()
	kind := ReadStream
	switch {
	case options.GetSubscription() != nil:
		kind = Subscribe
	case options.GetAll() != nil:
		kind = ReadAll
	}
	var fault *Fault
	if err := s.node.enter(call.Context(), kind, &fault); err != nil {
		return err
	}
	if kind == Subscribe {
		return s.subscribe(options, call, fault)
	}
	events, ok := s.selected(options)
	if !ok {
		return call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: options.GetStream().GetStreamIdentifier()},
		}})
	}
	for i, e := range events {
		if fault != nil && i == len(events)/2 {
			if fault.How == Strange {
				strange := &streams.ReadResp{Content: &streams.ReadResp_FirstStreamPosition{FirstStreamPosition: 1}}
				if err := call.Send(strange); err != nil {
					return err
				}
			}
			break
		}
		response := e.response()
		if kind == ReadStream && s.node.old() {
			e := response.GetEvent()
			e.Event.CommitPosition, e.Event.PreparePosition = math.MaxUint64, math.MaxUint64
			e.Position = &streams.ReadResp_ReadEvent_NoPosition{NoPosition: &shared.Empty{}}
		}
		if err := call.Send(response); err != nil {
			return err
		}
	}
	return s.node.leave(call.Context(), fault)
}

// seen gives the events that the node has.
func (n *node) seen() (all []*record, grown <-chan struct{}) {
	n.cluster.mu.Lock()
	sees := n.sees
	n.cluster.mu.Unlock()
	return n.cluster.log.visible(sees)
}

// selected gives what a read asks for, and whether there is such a stream.
func (s *streamsService) selected(options *streams.ReadReq_Options) (events []*record, ok bool) {
	all, _ := s.node.seen()
	backwards := options.GetReadDirection() == streams.ReadReq_Options_Backwards
	from := 0
	if name := options.GetStream(); name != nil {
		all = s.node.cluster.log.ofStream(string(name.GetStreamIdentifier().GetStreamName()), all)
		if len(all) == 0 {
			return nil, false
		}
		switch at := name.GetRevisionOption().(type) {
		case *streams.ReadReq_Options_StreamOptions_Revision:
			from = slices.IndexFunc(all, func(r *record) bool { return r.revision >= at.Revision })
			if from < 0 {
				from = len(all)
			}
		case *streams.ReadReq_Options_StreamOptions_End:
			from = len(all)
		}
	} else {
		switch at := options.GetAll().GetAllOption().(type) {
		case *streams.ReadReq_Options_AllOptions_Position:
			from = find(all, position{at.Position.GetCommitPosition(), at.Position.GetPreparePosition()})
		case *streams.ReadReq_Options_AllOptions_End:
			from = len(all)
		}
	}
	limit := int(min(options.GetCount(), math.MaxInt32))
	if !backwards {
		return all[from:min(len(all), from+limit)], true
	}
	to := min(len(all), from+1) // Inclusive, as forwards.
	events = slices.Clone(all[max(0, to-limit):to])
	slices.Reverse(events)
	return events, true
}

// response is an event in the words of the protocol.
func (r *record) response() *streams.ReadResp {
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: &streams.ReadResp_ReadEvent{
		Event: &streams.ReadResp_ReadEvent_RecordedEvent{
			Id:               toUUID(r.id),
			StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(r.stream)},
			StreamRevision:   r.revision,
			CommitPosition:   r.commit, PreparePosition: r.prepare,
			Metadata: r.metadata, CustomMetadata: r.custom, Data: r.data,
		},
		Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: r.commit},
	}}}
}

// subscribe sends what there is behind a position, and then whatever comes.
func (s *streamsService) subscribe(options *streams.ReadReq_Options, call streams.Streams_ReadServer, fault *Fault) error {
	ctx := call.Context()
	n := s.node
	n.cluster.mu.Lock()
	dropped := n.dropped
	n.cluster.mu.Unlock()
	passes, window, err := filter(options.GetFilter())
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	all, _ := n.seen()
	next := len(all) // The index of the next event to look at. Of a subscription the beginning is exclusive.
	switch at := options.GetAll().GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_Start:
		next = 0
	case *streams.ReadReq_Options_AllOptions_Position:
		p := position{at.Position.GetCommitPosition(), at.Position.GetPreparePosition()}
		if next = find(all, p); next < len(all) && all[next].position == p {
			next++
		}
	}
	confirmation := &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}
	if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: confirmation}}); err != nil {
		return err
	}
	caughtUp, scanned := false, 0
	for {
		all, grown := n.seen()
		for ; next < len(all) && !n.isSilent(); next++ {
			e := all[next]
			if passes(e) {
				if err := n.leave(ctx, fault); err != nil { // What is to fail fails at the first event that it would send.
					return err
				}
				if err := call.Send(e.response()); err != nil {
					return err
				}
			}
			if scanned++; window > 0 && scanned%window == 0 {
				checkpoint := &streams.ReadResp_Checkpoint{CommitPosition: e.commit, PreparePosition: e.prepare}
				if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{Checkpoint: checkpoint}}); err != nil {
					return err
				}
			}
		}
		if !caughtUp && !n.isSilent() && !n.old() {
			caughtUp = true
			if err := call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}); err != nil {
				return err
			}
		}
		select {
		case <-grown:
		case <-dropped:
			return status.Error(codes.Aborted, "Operation timed out: Consumer too slow to handle event while live. Client resubscription required.")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// old says whether the node is one of a server before 22.10.
func (n *node) old() bool {
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	return n.cluster.hidesPlaces
}

func (n *node) isSilent() bool {
	n.cluster.mu.Lock()
	defer n.cluster.mu.Unlock()
	return n.silent
}

// filter gives which events pass, and after how many events looked at a checkpoint is sent.
func filter(options *streams.ReadReq_Options_FilterOptions) (passes func(*record) bool, window int, err error) {
	if options == nil {
		return func(*record) bool { return true }, 0, nil
	}
	expression, of := options.GetStreamIdentifier(), func(r *record) string { return r.stream }
	if expression == nil {
		expression, of = options.GetEventType(), func(r *record) string { return r.metadata["type"] }
	}
	pattern, err := regexp.Compile(expression.GetRegex())
	if err != nil {
		return nil, 0, err
	}
	prefixes := expression.GetPrefix()
	window = int(options.GetMax() * options.GetCheckpointIntervalMultiplier())
	return func(r *record) bool {
		if len(prefixes) == 0 {
			return pattern.MatchString(of(r))
		}
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(of(r), p) })
	}, window, nil
}

func toUUID(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_String_{String_: id.String()}}
}

func fromUUID(id *shared.UUID) (out uuid.UUID) {
	if s := id.GetStructured(); s != nil {
		for i := range 8 {
			out[i] = byte(uint64(s.GetMostSignificantBits()) >> (56 - 8*i))
			out[8+i] = byte(uint64(s.GetLeastSignificantBits()) >> (56 - 8*i))
		}
		return out
	}
	return uuid.MustParse(id.GetString_())
}
