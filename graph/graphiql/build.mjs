// node build.mjs DIR            builds the page into DIR
// node build.mjs --compare DIR  builds it elsewhere and fails if DIR holds other bytes
//
// Nothing that differs between two machines goes in: no time, no path, no random number; names of files come from their contents.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import esbuild from 'esbuild';

import { licences } from './licences.mjs';

const root = path.dirname(fileURLToPath(import.meta.url));
const mount = '/graphiql/';

// The style sheet of GraphiQL carries nine subsets of three fonts inside it, 370 KB without Arabic or Chinese; the page uses the reader's own fonts.
const withoutFonts = {
  name: 'without-fonts',
  setup(build) {
    build.onLoad({ filter: /graphiql[/\\]dist[/\\]style\.css$/ }, ({ path: file }) => {
      const css = readFileSync(file, 'utf8');
      const contents = css.replaceAll(/@font-face\s*\{[^}]*\}/g, '');
      if (contents.length === css.length) throw new Error(`${file} has no fonts any more: drop this plugin`);
      return { contents, loader: 'css' };
    });
  },
};

async function build(dir) {
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { app: 'src/main.tsx' },
    outdir: 'dist',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    charset: 'utf8',
    jsx: 'automatic',
    // As a whole they stand in THIRD_PARTY_LICENSES.txt.
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.graphql': 'text' },
    plugins: [withoutFonts],
    metafile: true,
    write: false,
    logLevel: 'warning',
  });

  const files = new Map();
  const named = (ext, contents) => {
    const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12);
    const name = `${ext === '.svg' ? 'icon' : 'app'}-${hash}${ext}`;
    files.set(name, contents);
    return mount + name;
  };
  const output = (ext) => Buffer.from(outputFiles.find((f) => f.path.endsWith(ext)).contents);
  const page = {
    icon: named('.svg', readFileSync(path.join(root, 'src/icon.svg'))),
    style: named('.css', output('.css')),
    script: named('.js', output('.js')),
    licences: mount + 'THIRD_PARTY_LICENSES.txt',
  };
  const html = readFileSync(path.join(root, 'src/index.html'), 'utf8');
  files.set('index.html', Buffer.from(html.replaceAll(/\{\{(\w+)\}\}/g, (_, key) => page[key])));

  const bundled = Object.values(metafile.outputs).flatMap((o) => Object.entries(o.inputs).filter(([, i]) => i.bytesInOutput > 0));
  files.set('THIRD_PARTY_LICENSES.txt', Buffer.from(licences(root, bundled.map(([file]) => file))));

  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  for (const [name, contents] of files) writeFileSync(path.join(dir, name), contents);
}

/** What differs between two folders of plain files, by name. */
function difference(a, b) {
  const read = (dir, name) => {
    try {
      return readFileSync(path.join(dir, name));
    } catch {
      return null;
    }
  };
  const names = new Set([...readdirSync(a), ...readdirSync(b)]);
  return [...names].sort().filter((name) => {
    const [x, y] = [read(a, name), read(b, name)];
    return x === null || y === null || !x.equals(y);
  });
}

const args = process.argv.slice(2);
const compare = args[0] === '--compare';
const dir = args[compare ? 1 : 0];
if (dir === undefined) {
  console.error('usage: node build.mjs [--compare] DIR');
  process.exit(2);
}
if (!compare) {
  await build(path.resolve(dir));
} else {
  const fresh = mkdtempSync(path.join(tmpdir(), 'graphiql-'));
  try {
    await build(fresh);
    const differing = difference(path.resolve(dir), fresh);
    if (differing.length > 0) {
      console.error(`${dir} is not what the sources build: ${differing.join(', ')}. Run: npm run build`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
