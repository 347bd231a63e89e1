package esdbtest

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// Cluster is a cluster of nodes that share one log. All methods may be called from many goroutines.
type Cluster struct {
	log *transactionLog

	mu            sync.Mutex
	nodes         []*node
	leader        int // -1 for none.
	refuse        bool
	maxAppendSize int
	version       string
	hidesPlaces   bool
	faults        []*Fault
	calls         map[Call]int
}

// node is one server.
type node struct {
	cluster *Cluster
	number  int
	address string

	// Under the cluster's mutex.
	server  *grpc.Server // Nil while it is down.
	conns   map[string]net.Conn
	sees    int  // How many events of $all it has; -1 for all.
	hangs   bool // It takes connections and answers nothing.
	silent  bool // Its subscriptions send nothing, though they stand.
	dropped chan struct{}
}

// New starts a cluster of so many nodes, which ends with the test. Node 0 is the leader.
func New(t testing.TB, nodes int) *Cluster {
	t.Helper()
	c, err := Start(nodes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// Start starts a cluster that somebody closes.
func Start(nodes int) (*Cluster, error) {
	c := &Cluster{log: newTransactionLog(), maxAppendSize: 1 << 20, version: "23.10.6", calls: map[Call]int{}}
	for i := range nodes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			c.Close()
			return nil, err
		}
		n := &node{cluster: c, number: i, address: listener.Addr().String(), sees: -1}
		c.nodes = append(c.nodes, n)
		n.start(listener)
	}
	return c, nil
}

// Close kills all nodes.
func (c *Cluster) Close() {
	for i := range c.nodes {
		c.Kill(i)
	}
}

// ConnectionString is what a client connects with: the address of the one node, or those of all as seeds of gossip.
func (c *Cluster) ConnectionString() string {
	addresses := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addresses[i] = n.address
	}
	return "esdb://" + strings.Join(addresses, ",") + "?tls=false"
}

// start serves on a listener.
func (n *node) start(listener net.Listener) {
	server := grpc.NewServer(
		// The client pings every 10 s, with or without calls; without this grpc-go ends the connection for it.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.MaxRecvMsgSize(17<<20),
	)
	streams.RegisterStreamsServer(server, &streamsService{node: n})
	gossip.RegisterGossipServer(server, &gossipService{node: n})
	serverfeatures.RegisterServerFeaturesServer(server, &featuresService{node: n})
	n.cluster.mu.Lock()
	n.server, n.conns, n.dropped = server, map[string]net.Conn{}, make(chan struct{})
	n.cluster.mu.Unlock()
	go func() { _ = server.Serve(&tracked{Listener: listener, node: n}) }()
}

// tracked remembers connections, so that one can be cut.
type tracked struct {
	net.Listener
	node *node
}

func (l *tracked) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		l.node.cluster.mu.Lock()
		l.node.conns[conn.RemoteAddr().String()] = conn
		l.node.cluster.mu.Unlock()
	}
	return conn, err
}

// Kill ends a node at once: its port is closed, its connections are cut. What was acknowledged stays in the log.
func (c *Cluster) Kill(number int) {
	n := c.nodes[number]
	c.mu.Lock()
	server := n.server
	n.server = nil
	if n.dropped != nil {
		close(n.dropped)
		n.dropped = nil
	}
	if c.leader == number {
		c.leader = -1
	}
	c.mu.Unlock()
	if server != nil {
		server.Stop()
	}
}

// Restart starts a node that was killed, on its port. Where there is no leader it becomes it.
func (c *Cluster) Restart(number int) {
	n := c.nodes[number]
	c.mu.Lock()
	up := n.server != nil
	if c.leader < 0 {
		c.leader = number
	}
	n.sees, n.hangs, n.silent = -1, false, false
	c.mu.Unlock()
	if up {
		return
	}
	for {
		listener, err := net.Listen("tcp", n.address)
		if err == nil {
			n.start(listener)
			return
		}
		time.Sleep(5 * time.Millisecond) // The port is given free a moment after the server ended.
	}
}

// SetLeader makes a node the leader, as after an election. -1 is none: appends are refused as unavailable.
func (c *Cluster) SetLeader(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = number
}

// Leader is the number of the leader; -1 while there is none.
func (c *Cluster) Leader() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// RefuseOnFollowers says whether followers refuse appends, and name the leader, instead of forwarding them.
func (c *Cluster) RefuseOnFollowers(refuse bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = refuse
}

// Freeze keeps a node from seeing what is recorded from now on, as one does that is cut off from the others.
func (c *Cluster) Freeze(number int) {
	all, _ := c.log.visible(-1)
	c.change(number, func(n *node) { n.sees = len(all) })
}

// Thaw lets a node see all again.
func (c *Cluster) Thaw(number int) { c.change(number, func(n *node) { n.sees = -1 }) }

// Hang keeps a node from answering anything, though it takes connections, until it is let go.
func (c *Cluster) Hang(number int, hang bool) { c.change(number, func(n *node) { n.hangs = hang }) }

// Silence keeps the subscriptions of a node, present and to come, from sending anything more, though they stand.
func (c *Cluster) Silence(number int, silent bool) {
	c.change(number, func(n *node) { n.silent = silent })
}

func (c *Cluster) change(number int, f func(*node)) {
	c.mu.Lock()
	f(c.nodes[number])
	c.mu.Unlock()
	c.log.mu.Lock()
	c.log.wake()
	c.log.mu.Unlock()
}

// DropSubscriptions ends all subscriptions of a node, as a server does that has fallen too far behind.
func (c *Cluster) DropSubscriptions(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.nodes[number]; n.dropped != nil {
		close(n.dropped)
		n.dropped = make(chan struct{})
	}
}

// SetNoise says whether each append is followed by events of the system and of another program.
func (c *Cluster) SetNoise(noise bool) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	c.log.noise = noise
}

// AppendForeign records events of the system and of another program, so many of each.
func (c *Cluster) AppendForeign(count int) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	for range count {
		c.log.put("$stats-127.0.0.1:2113", "$statsCollected", []byte(`{}`))
		c.log.put("other-program", "Happened", []byte(`{}`))
	}
	c.log.wake()
}

// Delete removes a stream's events up to a revision, as an administrator of the store can.
func (c *Cluster) Delete(stream string, upTo uint64) {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	gone := func(r *record) bool { return r.stream == stream && r.revision <= upTo }
	c.log.all = slices.DeleteFunc(slices.Clone(c.log.all), gone)
	c.log.streams[stream] = slices.DeleteFunc(slices.Clone(c.log.streams[stream]), gone)
}

// SetMaxAppendSize sets how many bytes an append may have. 1 MiB at first, as of servers up to 25.0.
func (c *Cluster) SetMaxAppendSize(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxAppendSize = size
}

// HidePlaces says whether reads of a stream leave out where in $all its events stand, as those of servers before 22.10 do: in its place
// stands the end of all positions. These servers do not say either that a subscription has caught up.
func (c *Cluster) HidePlaces(hide bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidesPlaces = hide
}

// SetVersion sets what the nodes say their version is; without any they do not know the question, as servers before 21.10.
func (c *Cluster) SetVersion(version string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version = version
}

// Calls says how often a call was made.
func (c *Cluster) Calls(call Call) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[call]
}

// Streams gives the ids of all events of the streams whose names begin with a prefix, in their order: what the cluster holds,
// by a way that is none of the client's.
func (c *Cluster) Streams(prefix string) map[string][][16]byte {
	c.log.mu.Lock()
	defer c.log.mu.Unlock()
	ids := map[string][][16]byte{}
	for _, r := range c.log.all {
		if name, ok := strings.CutPrefix(r.stream, prefix); ok && !isSystem(r.stream) {
			ids[name] = append(ids[name], r.id)
		}
	}
	return ids
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	node *node
}

func (s *gossipService) Read(ctx context.Context, _ *shared.Empty) (*gossip.ClusterInfo, error) {
	if err := s.node.enter(ctx, Gossip, nil); err != nil {
		return nil, err
	}
	c := s.node.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	info := &gossip.ClusterInfo{}
	for i, n := range c.nodes {
		host, port, err := net.SplitHostPort(n.address)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		state := gossip.MemberInfo_Follower
		if i == c.leader {
			state = gossip.MemberInfo_Leader
		}
		info.Members = append(info.Members, &gossip.MemberInfo{
			State: state, IsAlive: n.server != nil && !n.hangs, HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(number)},
		})
	}
	return info, nil
}

type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	node *node
}

func (s *featuresService) GetSupportedMethods(ctx context.Context, _ *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	if err := s.node.enter(ctx, Features, nil); err != nil {
		return nil, err
	}
	c := s.node.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == "" {
		return nil, status.Error(codes.Unimplemented, "unknown service")
	}
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: c.version}, nil
}

// leaderAddress gives where the leader is.
func (c *Cluster) leaderAddress() (host, port string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leader < 0 {
		return "", "", fmt.Errorf("no leader")
	}
	return net.SplitHostPort(c.nodes[c.leader].address)
}
