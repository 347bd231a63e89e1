// node e2e/graphiql.mjs BASE_URL OUT.png
//
// Opens the query editor of a running server in a real browser as a reader would, runs the default query, reads the documentation,
// opens a link with a query, and fails with a sentence at the first thing that is not so. OUT.png shows the editor with its answer.
// The server must answer without a token, as `rapporteur demo` does. CHROMIUM names another browser than /usr/bin/chromium.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { chromium } from 'playwright-core';

const [base, picture] = process.argv.slice(2);
if (base === undefined || picture === undefined) {
  console.error('usage: node e2e/graphiql.mjs BASE_URL OUT.png');
  process.exit(2);
}
const { origin } = new URL(base);
const patience = 15_000;

const profile = mkdtempSync(path.join(tmpdir(), 'graphiql-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  viewport: { width: 1400, height: 900 },
});
try {
  context.setDefaultTimeout(patience);
  await check(await context.newPage());
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}

async function check(page) {
  const strangers = [];
  const complaints = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.protocol !== 'blob:' && url.origin !== origin) strangers.push(request.url());
  });
  page.on('websocket', (ws) => {
    if (new URL(ws.url()).host !== new URL(origin).host) strangers.push(ws.url());
  });
  page.on('pageerror', (error) => complaints.push(`error in the page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`policy ${e.effectiveDirective} forbade ${e.blockedURI} ${e.sample}`));
  });

  const introspection = page.waitForResponse((r) => r.url() === `${origin}/graphql`);
  const opened = await page.goto(`${origin}/graphiql`);
  assert.equal(opened.status(), 200);
  assert.match(opened.headers()['content-security-policy'], /default-src 'self'/);
  assert.equal(await page.title(), 'rapporteur – query editor');
  assert.ok((await (await introspection).json()).data?.__schema, 'The server answers introspection.');

  const query = page.locator('.graphiql-query-editor .CodeMirror');
  const result = page.locator('.result-window .CodeMirror');
  const text = (editor) => editor.evaluate((e) => e.CodeMirror.getValue());
  await query.waitFor();
  assert.match(await text(query), /^# Where do views converge\?[^]*commonGround\(/);

  // The default query runs, in the media types of GraphQL over HTTP, and its answer is shown.
  const asked = page.waitForRequest((r) => r.url() === `${origin}/graphql` && (r.postData() ?? '').includes('commonGround('));
  await page.getByRole('button', { name: /execute query/i }).click();
  const request = await asked;
  assert.equal(request.method(), 'POST');
  assert.equal(request.headers()['content-type'], 'application/json');
  assert.equal(request.headers()['accept'], 'application/graphql-response+json, application/json');
  await page.waitForFunction(() => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes('"commonGround"'));
  const answer = JSON.parse(await text(result));
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  assert.ok(Array.isArray(answer.data.commonGround), 'The answer has the list that was asked for.');
  for (const { consensus, tally } of answer.data.commonGround) {
    assert.equal(typeof consensus, 'string');
    assert.equal(typeof tally.support, 'number');
  }
  assert.equal(await page.locator('.graphiql-query-editor .CodeMirror-lint-mark-error').count(), 0, 'The schema knows every field of the default query.');

  // The documentation comes from the schema.
  await page.getByRole('button', { name: /show documentation explorer/i }).click();
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().click();
  await page.locator('.graphiql-doc-explorer').getByText('commonGround', { exact: true }).waitFor();
  await page.screenshot({ path: picture });

  // Completion knows the schema: what can only be one thing is written out.
  await query.evaluate((e) => {
    e.CodeMirror.setValue('{ commonG }');
    e.CodeMirror.setCursor({ line: 0, ch: 9 });
    e.CodeMirror.focus();
  });
  await page.keyboard.press('Control+Space');
  await page.waitForFunction(() => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.getValue() === '{ commonGround }');

  // The dialogs open, and a menu's scroll lock does not meet the policy.
  await page.getByRole('button', { name: /open settings dialog/i }).click();
  await page.getByRole('dialog').waitFor();
  assert.equal(await page.getByRole('dialog').getByText(/persist headers/i).count(), 0, 'Nobody is offered to keep a token.');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });

  // A link fills the editors, also over what was kept from the visit before, and runs nothing.
  const linked = 'query Named($min: Float!) { commonGround(minSupport: $min) { consensus } }';
  const ran = [];
  page.on('request', (r) => {
    if ((r.postData() ?? '').includes('Named')) ran.push(r.postData());
  });
  await page.goto(`${origin}/graphiql?${new URLSearchParams({ query: linked, variables: '{"min":0.75}' })}`);
  await query.waitFor();
  await page.waitForFunction((want) => document.querySelector('.graphiql-query-editor .CodeMirror')?.CodeMirror.getValue() === want, linked);
  const variables = page.locator('.graphiql-editor-tool .CodeMirror').first();
  assert.deepEqual(JSON.parse(await text(variables)), { min: 0.75 });
  await page.waitForTimeout(500);
  assert.deepEqual(ran, [], 'A link runs nothing by itself.');

  // Nothing so far left the origin or was forbidden; what would leave it, is.
  assert.deepEqual(strangers, [], 'Every request stays on the origin.');
  assert.deepEqual(complaints, [], 'The page does nothing its policy forbids, and reports no error.');
  const forbidden = await page.evaluate(() => new Promise((done) => {
    document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective), { once: true });
    fetch('http://192.0.2.1/').then(() => done('sent'), () => setTimeout(done, 1000, 'failed for another reason'));
  }));
  assert.equal(forbidden, 'connect-src', 'The policy holds requests to other hosts back.');

  // The WebSocket of the same origin is within the policy; whether the server speaks on it, is not asked here.
  const socket = await page.evaluate(() => new Promise((done) => {
    document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective), { once: true });
    const ws = new WebSocket(location.origin.replace(/^http/, 'ws') + '/graphql', 'graphql-transport-ws');
    ws.onopen = ws.onerror = () => setTimeout(() => done(ws.close()), 250);
  }));
  assert.equal(socket, undefined, 'The policy lets the WebSocket of the same origin through.');

  // The editor's side of graphql-transport-ws, with the other side played here: what is in the headers editor goes along with
  // connection_init, and each message is shown. A subscription of the server's own would end at no known moment.
  const said = [];
  await page.routeWebSocket(`${origin.replace(/^http/, 'ws')}/graphql`, (ws) => {
    ws.onMessage((message) => {
      const m = JSON.parse(message);
      said.push(m);
      if (m.type === 'connection_init') ws.send(JSON.stringify({ type: 'connection_ack' }));
      if (m.type !== 'subscribe') return;
      ws.send(JSON.stringify({ id: m.id, type: 'next', payload: { data: { eventRecorded: { at: '7' } } } }));
      ws.send(JSON.stringify({ id: m.id, type: 'complete' }));
    });
  });
  await page.goto(`${origin}/graphiql?${new URLSearchParams({ query: 'subscription Live { eventRecorded { at } }' })}`);
  await query.waitFor();
  const headers = page.locator('.graphiql-editor-tool .CodeMirror').nth(1);
  await page.getByRole('button', { name: 'Headers', exact: true }).click();
  await headers.waitFor();
  await headers.evaluate((e) => e.CodeMirror.setValue('{ "Authorization": "Bearer secret-of-the-reader" }'));
  await page.getByRole('button', { name: /execute query/i }).click();
  await page.waitForFunction(() => document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue().includes('"7"'));
  assert.deepEqual(said.map((m) => m.type), ['connection_init', 'subscribe']);
  assert.deepEqual(said[0].payload, { Authorization: 'Bearer secret-of-the-reader' });

  // What was typed there is nowhere in the browser's storage, even after the half second for which the editor holds writes back.
  await page.waitForTimeout(1500);
  const kept = await page.evaluate(() => JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
  assert.ok(kept.includes('Live'), 'The queries are kept.');
  assert.ok(!kept.includes('secret-of-the-reader'), 'A token is not kept.');
}
