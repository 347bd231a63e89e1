// Follows a record with real clients, each on its own: node follow.mjs URL SEED BREAKS
//
// Each client breaks its line BREAKS times, after a random number of messages, and whatever else breaks it goes on with the last
// `at` that it saw. Every message is written out as a line of JSON: { client, at, previousAt }. A line of the standard input is the
// position at which all end; a client that has seen it says { client, breaks, lost } and ends.
import { ApolloClient, InMemoryCache, gql } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSSE } from 'graphql-sse';
import { createClient as createWS } from 'graphql-ws';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';

const [url, seed, breaks] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const socket = url.replace(/^http/, 'ws');
const query = 'subscription Follow($after: LogPosition) { positionChanged(after: $after) { at previousAt position { at summary } } }';

let state = seed;
const random = (n) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * n);
};
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

globalThis.WebSocket ??= WebSocket; // Apollo looks for it as a browser has it.
// urql's fetch exchange leaves the request that it breaks off to nobody.
process.on('unhandledRejection', (reason) => { if (reason?.name !== 'AbortError') throw reason; });

let until = Infinity;
createInterface({ input: process.stdin }).on('line', (line) => { until = Number(line); });

const openWS = () => createWS({ url: socket, webSocketImpl: WebSocket, retryAttempts: 0, lazy: true });

// Each opens a line that begins behind a position, calls message with what arrives and ended when it is over, and gives what hangs up.
const clients = {
  'graphql-ws': (after, message, ended) => {
    const client = openWS();
    client.subscribe({ query, variables: { after } }, { next: (m) => message(m.data, m.errors), error: ended, complete: ended });
    return () => client.terminate();
  },
  'graphql-sse': (after, message, ended) => {
    const client = createSSE({ url, retryAttempts: 0 });
    client.subscribe({ query, variables: { after } }, { next: (m) => message(m.data, m.errors), error: ended, complete: ended });
    return () => client.dispose();
  },
  'apollo': (after, message, ended) => {
    const ws = openWS();
    const client = new ApolloClient({ link: new GraphQLWsLink(ws), cache: new InMemoryCache() });
    client.subscribe({ query: gql(query), variables: { after }, fetchPolicy: 'no-cache' }).subscribe({
      next: (m) => (m.error ? ended(m.error) : message(m.data)), error: ended, complete: ended,
    });
    return () => ws.terminate();
  },
  'urql-ws': (after, message, ended) => {
    const ws = openWS();
    const client = new Client({
      url, preferGetMethod: false,
      exchanges: [subscriptionExchange({
        forwardSubscription: (request) => ({
          subscribe: (sink) => ({ unsubscribe: ws.subscribe({ ...request, query: request.query ?? '' }, sink) }),
        }),
      })],
    });
    client.subscription(query, { after }).subscribe((m) => (m.error ? ended(m.error) : message(m.data)));
    return () => ws.terminate();
  },
  // urql follows by server-sent events, too, with nothing but its fetch exchange. When a stream ends well, as that of a program that
  // is told to stop does, urql gives its last result once more, marked as the last: that is no message.
  'urql-sse': (after, message, ended) => {
    const client = new Client({ url, preferGetMethod: false, fetchSubscriptions: true, exchanges: [fetchExchange] });
    const { unsubscribe } = client.subscription(query, { after }).subscribe((m) => {
      if (m.error || !m.hasNext) ended(m.error);
      else message(m.data);
    });
    return unsubscribe;
  },
};

const follow = async (name, open) => {
  let last = '0';
  let [broken, lost] = [0, 0];
  while (Number(last) < until) {
    await new Promise((resolve) => {
      let over = false;
      let hangUp = () => {};
      const left = broken < breaks ? 1 + random(6) : Infinity;
      let heard = 0;
      const end = () => {
        if (over) return;
        over = true;
        clearInterval(watch);
        hangUp();
        resolve();
      };
      const watch = setInterval(() => { if (Number(last) >= until) end(); }, 50);
      hangUp = open(last, (data, errors) => {
        if (over) return; // What still arrives behind the break was not seen.
        if (!data?.positionChanged) return say({ client: name, wrong: JSON.stringify(errors ?? data) });
        const { at, previousAt } = data.positionChanged;
        say({ client: name, at, previousAt });
        last = at;
        if (++heard >= left) {
          broken++;
          end();
        }
      }, () => {
        if (over) return;
        lost++;
        end();
      });
      if (over) hangUp();
    });
    await pause(random(20));
  }
  say({ client: name, breaks: broken, lost });
};

await Promise.all(Object.entries(clients).map(([name, open]) => follow(name, open)));
process.exit(0);
