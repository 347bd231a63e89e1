// Usage: node audit.mjs URL
//
// Runs all server audits of graphql-http against URL, prints each with its
// result and a count by level, and ends with status 1 unless every MUST and
// every SHOULD passed. It then asks for the whole schema with the introspection
// query that graphql-js sends, since a limit too low would refuse that one first.
import { serverAudits } from 'graphql-http';
import { getIntrospectionQuery } from 'graphql';

const url = process.argv[2];
if (!url) {
  console.error('usage: node audit.mjs URL');
  process.exit(2);
}

const counts = {};
let failed = false;
for (const audit of serverAudits({ url })) {
  const level = audit.name.split(' ')[0];
  const result = await audit.fn();
  const ok = result.status === 'ok';
  counts[level] ??= { passed: 0, all: 0 };
  counts[level].all++;
  if (ok) counts[level].passed++;
  else if (level !== 'MAY') failed = true;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${audit.id} ${audit.name}${ok ? '' : `: ${result.reason}`}`);
}

const response = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
  body: JSON.stringify({
    query: getIntrospectionQuery({
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    }),
  }),
});
const ok = response.status === 200;
failed ||= !ok;
console.log(`${ok ? 'ok  ' : 'FAIL'} the introspection query of graphql-js: ${response.status}${ok ? '' : ' ' + (await response.text())}`);

for (const [level, { passed, all }] of Object.entries(counts)) {
  console.log(`${level} ${passed}/${all}`);
}
process.exit(failed ? 1 : 0);
