import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { createRoot } from 'react-dom/client';

import defaultQuery from './default.graphql';
import { endpoint, prefill, socket } from './page';
import { storage } from './storage';
import './page.css';

const fetcher = createGraphiQLFetcher({
  url: endpoint,
  // The response media type of GraphQL over HTTP first; the older one for a proxy or server that knows no other.
  headers: { Accept: 'application/graphql-response+json, application/json' },
  // The schema has neither @defer nor @stream, so no answer comes in parts, and none is asked for.
  enableIncrementalDelivery: false,
  // graphql-transport-ws. What stands in the headers editor goes along as the payload of connection_init.
  subscriptionUrl: socket(new URL(window.location.href)),
});

const root = document.getElementById('editor');
if (root === null) throw new Error('The page has no element #editor.');

createRoot(root).render(
  // A token in the headers editor stays in memory: it is never written to the browser's storage, and nobody is offered to do so.
  <GraphiQL
    fetcher={fetcher}
    defaultQuery={defaultQuery}
    {...prefill(window.location.search)}
    storage={storage}
    shouldPersistHeaders={false}
    showPersistHeadersSettings={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>
      <a className="home" href="/">
        rapporteur
      </a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
