// node testdata/introspect.mjs
//
// Writes introspection.json, what a server with schema.graphqls answers to the introspection of the editor.
import { readFileSync, writeFileSync } from 'node:fs';

import { buildSchema, introspectionFromSchema } from 'graphql';

const here = (name) => new URL(name, import.meta.url);
const schema = buildSchema(readFileSync(here('schema.graphqls'), 'utf8'));
const data = introspectionFromSchema(schema, { inputValueDeprecation: true, schemaDescription: true, oneOf: true });
writeFileSync(here('introspection.json'), JSON.stringify({ data }) + '\n');
