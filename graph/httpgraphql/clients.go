package httpgraphql

import (
	"context"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/realclientip/realclientip-go"
	"golang.org/x/time/rate"
)

// Clients tells clients apart by their network addresses, and bounds how often
// each may ask. Who comes too often is answered 429 with Retry-After before
// anything else is looked at, so that it costs no more than the answer.
//
// A client is an IPv4 address, or the /64 network of an IPv6 address, which is
// what one household or one machine is given. A program on this machine itself is
// no client: it is never limited, for it can do worse than ask. That is not so
// of what a proxy on this machine relays.
type Clients struct {
	// Rate is how many requests a second a client may make in the long run, and
	// Burst how many at once after it was silent: 100 and 500. A negative Rate
	// sets no limit.
	Rate  float64
	Burst int
	// TrustedProxies are the addresses of reverse proxies whose X-Forwarded-For is
	// believed. Behind one that is not named all its users are one client.
	TrustedProxies []netip.Prefix
}

// remembered is how many clients are kept apart. The one heard of longest ago is
// forgotten first, and comes back with all its burst.
const remembered = 10_000

// Limit is next behind the limit. Those behind it learn who asks from ClientOf.
func (c Clients) Limit(next http.Handler) http.Handler {
	if c.Rate == 0 {
		c.Rate = 100
	}
	setDefault(&c.Burst, 500)
	seen, err := simplelru.NewLRU[string, *rate.Limiter](remembered, nil)
	if err != nil {
		panic(err) // unreachable: the size is a constant above zero.
	}
	var mu sync.Mutex
	limiter := func(client string) *rate.Limiter {
		mu.Lock()
		defer mu.Unlock()
		l, ok := seen.Get(client)
		if !ok {
			l = rate.NewLimiter(rate.Limit(c.Rate), c.Burst)
			seen.Add(client, l)
		}
		return l
	}
	address := c.address()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client := address(r)
		if client != "" && c.Rate > 0 {
			l := limiter(client)
			if !l.Allow() {
				// When there is one again; the client need not know of fractions.
				wait := math.Ceil((1 - l.Tokens()) / c.Rate)
				w.Header().Set("Retry-After", strconv.Itoa(max(1, int(wait))))
				turnAway(w, http.StatusTooManyRequests, RateLimited, "More than "+strconv.FormatFloat(c.Rate, 'g', -1, 64)+
					" requests a second, which is the limit for one client after a burst of "+number(c.Burst)+"; try again in a moment.")
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, client)))
	})
}

// address gives what tells the client of a request from others, or nothing for
// this machine itself.
func (c Clients) address() func(*http.Request) string {
	forwarded := func(*http.Request) string { return "" }
	if len(c.TrustedProxies) > 0 {
		trusted := make([]net.IPNet, len(c.TrustedProxies))
		for i, p := range c.TrustedProxies {
			p = p.Masked()
			trusted[i] = net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
		}
		// The rightmost address that no proxy of ours has: what stands left of it
		// the client may have written itself.
		strategy, err := realclientip.NewRightmostTrustedRangeStrategy(forwardedFor, trusted)
		if err != nil {
			panic(err) // unreachable: header and ranges are given.
		}
		forwarded = func(r *http.Request) string { return strategy.ClientIP(r.Header, r.RemoteAddr) }
	}
	return func(r *http.Request) string {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return r.RemoteAddr // No network of ours; what it calls itself is as good.
		}
		ip, relayed := peer.Addr().Unmap().WithZone(""), false
		for _, p := range c.TrustedProxies {
			if !p.Contains(ip) {
				continue
			}
			relayed = len(r.Header.Values(forwardedFor)) > 0
			if first, err := netip.ParseAddr(forwarded(r)); err == nil {
				ip = first.Unmap().WithZone("")
			}
			break
		}
		// Who comes through a proxy is a client, whoever it is; those that cannot be made out are one, under the proxy's address.
		if ip.IsLoopback() && !relayed {
			return ""
		}
		if ip.Is6() {
			network, _ := ip.Prefix(64)
			return network.String()
		}
		return ip.String()
	}
}

// forwardedFor is the header in which a proxy says for whom it asks.
const forwardedFor = "X-Forwarded-For"

type clientKey struct{}

// ClientOf gives what tells the client of a request from others. It is empty for
// a program on this machine, and where no Clients stand before.
func ClientOf(ctx context.Context) string {
	client, _ := ctx.Value(clientKey{}).(string)
	return client
}

// shares counts what each client holds at the moment, and bounds it. The zero
// value is ready for use.
type shares struct {
	mu   sync.Mutex
	held map[string]int
}

// take gives a client one more, unless it has the most that it may have.
func (s *shares) take(client string, most int) bool {
	if client == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[client] >= most {
		return false
	}
	if s.held == nil {
		s.held = make(map[string]int)
	}
	s.held[client]++
	return true
}

func (s *shares) giveBack(client string) {
	if client == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held[client]--; s.held[client] == 0 {
		delete(s.held, client)
	}
}
