// Files larger than one response of a serverless transport: a real browser fetches them in parts and saves them, whatever
// way it has; `oncelink get` does the same.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { BIN, Bounded, lossyProxy, noise, scratch, sha256, sha256File, start } from './support.mjs';

const MIB = 1024 * 1024;
const PART = 4 * MIB;

/** A server of `content` as `large.bin`, a link to it, and a browser at the link's page. `every`: which replies get cut. */
async function opened(t, content, { every = 0, terms = {}, flags = [], browser = {} } = {}) {
  const proxy = await lossyProxy(t, every);
  const server = await Bounded.start(t, { 'large.bin': content }, ['--most', String(PART), '--public-url', proxy.url, ...flags]);
  proxy.target = server.url;
  const link = await server.link('large.bin', { filename: 'große Datei.bin', ...terms });
  const page = await browse(t, browser);
  return { proxy, server, link, page };
}

/** Presses the button and waits for the file that the browser saves. */
async function saved(t, page) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 600_000 }), page.locator('form button').click()]);
  assert.equal(download.suggestedFilename(), 'große Datei.bin');
  const file = path.join(scratch(t), 'saved');
  await download.saveAs(file);
  return file;
}

/** Waits until the bar shows that so much of the file is here. */
const reached = (page, share) => page.waitForFunction((least) => document.getElementById('progress')?.value >= least, share, { timeout: 60_000 });

/** The file has come once: one use, completed, and nothing more for anybody. */
async function over(server, link, page) {
  const record = await server.completed(link);
  assert.equal(record.claimed, 1);
  assert.ok(record.claims[0].sent <= 2 * record.size + 8 * MIB, `${record.claims[0].sent} bytes were sent`);
  const answer = await page.goto(link.url);
  assert.equal(answer.status(), 410);
  const second = await fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } });
  assert.equal(second.status, 410);
  return record;
}

const said = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();

test('300 MiB are saved and verified though every tenth reply is cut', async (t) => {
  const content = noise(300 * MIB);
  const { proxy, server, link, page } = await opened(t, content, { every: 10 });
  await page.goto(link.url);
  assert.equal((await server.show(link)).claimed, 0, 'looking spends nothing');
  const file = await saved(t, page);
  assert.ok(proxy.cut >= 7, `${proxy.cut} replies were cut`);
  assert.equal(sha256File(file), sha256(content));
  await said(page, /undamaged/);
  await over(server, link, page);
  assert.deepEqual(page.foreign, []);
});

test('after a reload in the middle it goes on with the parts that are here', async (t) => {
  const content = noise(60 * MIB);
  const { server, link, page, proxy } = await opened(t, content);
  await page.goto(link.url);
  proxy.pauseAfter(40 * MIB);
  await page.locator('form button').click();
  await reached(page, 0.5);
  await page.reload();
  proxy.goOn();
  assert.equal(await page.locator('h1').textContent(), 'Your download isn’t finished yet');
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
  const record = await over(server, link, page);
  assert.ok(record.claims[0].sent < 60 * MIB + 8 * PART, `${record.claims[0].sent} bytes were sent: what was here came again`);
});

test('a lost answer to the claim is asked for again, and a reload finds the claim', async (t) => {
  const content = noise(9 * MIB);
  const { server, link, page } = await opened(t, content);
  await page.goto(link.url);
  let posts = 0;
  await page.route(link.url, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    posts += 1;
    await route.fetch();
    return route.abort();
  });
  await page.locator('form button').click();
  await said(page, /tried again/);
  await page.waitForFunction(() => performance.getEntriesByType('resource').filter((entry) => entry.initiatorType === 'fetch').length >= 2);
  assert.ok(posts >= 1);
  await page.unrouteAll();
  const answer = await page.reload();
  assert.equal(answer.status(), 200, 'the browser is known by its cookie');
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
  assert.equal((await over(server, link, page)).claimed, 1);
});

test('a chosen file is written to, and gone on with after a reload', async (t) => {
  const content = noise(100 * MIB);
  const { server, link, page, proxy } = await opened(t, content);
  // What the dialogue would give: no driver can press its buttons.
  await page.addInitScript(() => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
      window.suggested = suggestedName;
      return (await navigator.storage.getDirectory()).getFileHandle('chosen', { create: true });
    };
  });
  await page.goto(link.url);
  proxy.pauseAfter(85 * MIB);
  await page.locator('form button').click();
  await reached(page, 0.8);
  assert.equal(await page.evaluate(() => window.suggested), 'große Datei.bin');
  await page.reload();
  proxy.goOn();
  await page.locator('form button').click();
  await said(page, /undamaged/);
  const digest = await page.evaluate(async () => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle('chosen')).getFile();
    const bytes = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  assert.equal(digest, sha256(content));
  const record = await over(server, link, page);
  assert.ok(record.claims[0].sent < 145 * MIB, `${record.claims[0].sent} bytes were sent: what was written came again`);
});

test('a closed save dialogue claims nothing', async (t) => {
  const { server, link, page } = await opened(t, noise(9 * MIB));
  await page.addInitScript(() => {
    window.showSaveFilePicker = () => new Promise((_, reject) => (window.closeDialogue = () => reject(new DOMException('closed', 'AbortError'))));
  });
  await page.goto(link.url);
  await page.locator('form button').click();
  await page.waitForFunction(() => window.closeDialogue);
  // A reader takes longer than a browser without dialogues, which says no at once.
  await page.evaluate(() => new Promise((resolve) => setTimeout(() => resolve(window.closeDialogue()), 500)));
  assert.equal((await server.show(link)).claimed, 0);
  assert.ok(await page.locator('form button').isVisible());
});

test('without storage it streams into the downloads through a service worker', async (t) => {
  const content = noise(40 * MIB);
  const { server, link, page } = await opened(t, content, { every: 6 });
  await page.addInitScript(() => delete StorageManager.prototype.getDirectory);
  await page.goto(link.url);
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
  await said(page, /undamaged/);
  await over(server, link, page);
});

test('without storage and workers it is put together in memory', async (t) => {
  const content = noise(30 * MIB);
  const { server, link, page } = await opened(t, content);
  await page.addInitScript(() => {
    delete StorageManager.prototype.getDirectory;
    delete Navigator.prototype.serviceWorker;
  });
  await page.goto(link.url);
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
  await over(server, link, page);
});

test('a browser that can not save it is told so before anything is claimed', async (t) => {
  const { server, link, page } = await opened(t, noise(5 * MIB));
  await page.addInitScript(() => {
    delete StorageManager.prototype.getDirectory;
    delete Navigator.prototype.serviceWorker;
  });
  await page.route(link.url, async (route) => {
    const answer = await route.fetch();
    const body = (await answer.text()).replace(/data-size="\d+"/, 'data-size="9000000000"');
    await route.fulfill({ response: answer, body });
  });
  await page.goto(link.url);
  await page.locator('form button').click();
  await said(page, /another browser/);
  assert.equal((await server.show(link)).claimed, 0);
});

test('damage on the way is noticed, told and mended by fetching anew', async (t) => {
  const content = noise(10 * MIB);
  const { server, link, page } = await opened(t, content);
  let spoil = true;
  await page.route('**/c/*', async (route) => {
    const answer = await route.fetch();
    const body = await answer.body();
    if (spoil) body[body.length >> 1] ^= 1;
    spoil = false;
    await route.fulfill({ response: answer, body });
  });
  await page.goto(link.url);
  await page.locator('form button').click();
  await said(page, /damaged on its way/);
  assert.equal((await server.show(link)).claims[0].state, 'active', 'a damaged file ends nothing');
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
  await over(server, link, page);
});

test('a passphrase is asked for in the page, and a wrong one spends nothing', async (t) => {
  const content = noise(9 * MIB);
  const { server, link, page } = await opened(t, content, { terms: { passphrase: 'open sesame' } });
  await page.goto(link.url);
  await page.locator('#passphrase').fill('wrong');
  await page.locator('form button').click();
  await page.waitForSelector('[aria-invalid=true]');
  assert.match(await page.locator('#bad').textContent(), /not the right passphrase/);
  assert.equal((await server.show(link)).claimed, 0);
  await page.locator('#passphrase').fill('open sesame');
  const file = await saved(t, page);
  assert.equal(sha256File(file), sha256(content));
});

test('a refusal in the middle is told by the page of it', async (t) => {
  const { server, link, page, proxy } = await opened(t, noise(60 * MIB));
  await page.goto(link.url);
  proxy.pauseAfter(30 * MIB);
  await page.locator('form button').click();
  await reached(page, 0.3);
  await server.api('DELETE', `/v1/links/${link.id}`);
  proxy.goOn();
  await page.getByRole('heading', { name: 'This link was withdrawn' }).waitFor();
});

test('a link that was used meanwhile is told by the page of it', async (t) => {
  const { link, page } = await opened(t, noise(9 * MIB));
  await page.goto(link.url);
  await fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } });
  await page.locator('form button').click();
  await page.getByRole('heading', { name: 'This link has been used' }).waitFor();
});

test('without JavaScript the page has no button, and a command that fetches the file', async (t) => {
  const { server, link, page } = await opened(t, noise(9 * MIB), { browser: { javaScriptEnabled: false } });
  await page.goto(link.url);
  assert.ok(await page.locator('form').isHidden());
  assert.match(await page.locator('#plain').textContent(), /needs JavaScript/);
  assert.equal(await page.locator('code').textContent(), `oncelink get ${link.url}`);
  assert.equal((await server.show(link)).claimed, 0);
});

test('oncelink get fetches parts though every fifth reply is cut', async (t) => {
  const content = noise(100 * MIB);
  const { server, link, proxy } = await opened(t, content, { every: 5 });
  const folder = scratch(t);
  const done = await start(BIN, ['get', link.url, '-o', 'file', '--json'], { cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  assert.ok(proxy.cut >= 4, `${proxy.cut} replies were cut`);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  assert.equal(JSON.parse(done.stdout).verified, true);
  assert.equal((await server.completed(link)).claimed, 1);
  const again = await start(BIN, ['get', link.url, '-o', 'again'], { cwd: folder });
  assert.equal(again.status, 3);
});

test('a killed oncelink get goes on with the parts that are here', async (t) => {
  const content = noise(60 * MIB);
  const { server, link, proxy } = await opened(t, content);
  const folder = scratch(t);
  proxy.pauseAfter(30 * MIB);
  const killed = start(BIN, ['get', link.url, '-o', 'file'], { cwd: folder, onStart: (child) => proxy.paused.then(() => child.kill('SIGKILL')) });
  assert.notEqual((await killed).status, 0);
  proxy.goOn();
  const done = await start(BIN, ['get', link.url, '-o', 'file'], { cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  assert.ok(readFileSync(path.join(folder, 'file')).equals(content));
  const record = await server.completed(link);
  assert.ok(record.claims[0].sent < 60 * MIB + 8 * PART, `${record.claims[0].sent} bytes were sent: what was here came again`);
});
