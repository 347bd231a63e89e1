// What the page is asked for by its own address.

/** What the editors are filled with; a field that is absent leaves what the editor kept from the last visit, or its default. */
export interface Prefill {
  query?: string;
  variables?: string;
}

/**
 * Reads `?query=…&variables=…`. A link only fills the editors and never runs: a link that somebody else made may hold a mutation.
 * Variables that are JSON are indented, for people; anything else is shown as it came, and the editor marks the fault.
 */
export function prefill(search: string): Prefill {
  const given = new URLSearchParams(search);
  const filled: Prefill = {};
  const query = given.get('query');
  if (query) filled.query = query;
  const variables = given.get('variables');
  if (variables) filled.variables = indented(variables);
  return filled;
}

function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** The endpoint on the page's own origin, over HTTP and over WebSocket: there is no other host. */
export const endpoint = '/graphql';

export function socket(page: URL): string {
  const address = new URL(endpoint, page);
  address.protocol = page.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}
