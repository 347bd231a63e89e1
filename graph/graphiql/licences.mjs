// The licences of what is in the bundle, read from the installed packages, so that the list can be neither longer nor shorter than the bundle.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

// Packages published without their licence file, and the package from the same repository, or of the same author, whose file says it.
const saidBy = {
  '@graphiql/plugin-doc-explorer': 'graphiql',
  '@graphiql/plugin-history': 'graphiql',
  'react-compiler-runtime': 'react',
  'react-remove-scroll-bar': 'react-remove-scroll',
};

// Licences under which the binary may carry a package as long as their text goes along.
const allowed = new Set(['MIT', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '(MIT OR Apache-2.0)', 'Python-2.0']);

/** The text of THIRD_PARTY_LICENSES.txt for these source files, given relative to root. */
export function licences(root, files) {
  const packages = new Map();
  for (const file of files) {
    const folder = packageFolder(file);
    if (folder === null || packages.has(folder)) continue;
    const { name, version, license, author } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
    if (!allowed.has(license)) throw new Error(`${name}: nobody has looked at the licence ${JSON.stringify(license)}`);
    packages.set(folder, { name, version, license, text: text(root, folder, name, license, author) });
  }
  const sorted = [...packages.values()].sort((a, b) => order(`${a.name}@${a.version}`, `${b.name}@${b.version}`));

  // Packages that say the very same stand under one text.
  const byText = new Map();
  for (const p of sorted) byText.set(p.text, [...(byText.get(p.text) ?? []), p]);
  const rule = '='.repeat(80);
  const parts = [...byText].map(([words, ps]) => `${rule}\n${ps.map((p) => `${p.name} ${p.version} (${p.license})`).join('\n')}\n${rule}\n\n${words}\n`);
  return `The query editor contains these packages.\n\n${parts.join('\n')}`;
}

// node_modules/a/node_modules/@b/c/d.js is of node_modules/a/node_modules/@b/c; a file outside node_modules is ours.
function packageFolder(file) {
  const parts = file.split('/');
  const last = parts.lastIndexOf('node_modules');
  if (last < 0) return null;
  return parts.slice(0, last + (parts[last + 1].startsWith('@') ? 3 : 2)).join('/');
}

function text(root, folder, name, license, author) {
  const said = saidIn(path.join(root, folder)) ?? (saidBy[name] && saidIn(path.join(root, 'node_modules', saidBy[name])));
  if (said) return said;
  const by = typeof author === 'string' ? author : author?.name;
  if (license === 'MIT' && by) return `Copyright (c) ${by}\n\n${mit}`;
  throw new Error(`${name}: no licence file, and package.json names no author`);
}

function saidIn(folder) {
  if (!existsSync(folder)) return null;
  const files = readdirSync(folder)
    .filter((f) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(f))
    .sort(order);
  if (!files.some((f) => !/^notice/i.test(f))) return null;
  return files.map((f) => readFileSync(path.join(folder, f), 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n');
}

// By code unit, so that no locale of the machine that builds can change the file.
function order(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

const mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;
