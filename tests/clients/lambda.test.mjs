// Real clients on the real function: a browser, `oncelink get` and curl before a gateway with Lambda's limits, a table and a
// bucket behind it. Files of any size come whole, once, and with one use.

import assert from 'node:assert/strict';
import path from 'node:path';
import test, { after, before } from 'node:test';

import { browse } from './browser.mjs';
import { Cloud, Gateway, digestOf } from './lambda.mjs';
import { BIN, noise, scratch, start } from './support.mjs';

const MIB = 1024 * 1024;
const NAME = 'große Datei.bin';
// Every tenth answer gets lost, by a time-out or in its middle, and functions are killed between two segments.
const FAULTS = ['--lose-every', '10', '--kill-every', '7'];

// None hangs for ever: a download that never ends has no time limit of its own.
const promise = (name, work) => test(name, { timeout: 600_000 }, work);

let cloud;
let objects;

before(async () => {
  cloud = await Cloud.start();
  objects = {
    small: await cloud.put('small.bin', 70_000),
    parts: await cloud.put('parts.bin', 12 * MIB),
    streamed: await cloud.put('streamed.bin', 20 * MIB),
    large: await cloud.put('large.bin', 300 * MIB),
    huge: await cloud.put('huge.bin', 1024 * MIB),
  };
});

after(() => cloud?.stop());

/** A gateway, and a link to an object: where recipients have it, and who tells about it. */
async function shared(t, object, flags = []) {
  const gateway = await Gateway.start(t, cloud, flags);
  const isFaulty = flags.some((flag) => FAULTS.includes(flag));
  const sender = isFaulty ? await Gateway.start(t, cloud) : gateway;
  const link = await sender.link(object.name, { filename: NAME });
  return { gateway, sender, link, url: gateway.address(link, sender) };
}

/** Opens an address as a reader does, who tries again when the page or what belongs to it doesn't come. */
async function open(page, url, sight) {
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await page.goto(url, { waitUntil: 'load' }).catch(() => null);
    if (answer && answer.status() < 500 && (await page.locator(sight).isVisible())) return answer;
  }
  throw new Error(`${url} can't be opened`);
}

/** Presses the button and waits for the file that the browser saves. */
async function saved(t, page) {
  const [download] = await Promise.all([page.waitForEvent('download', { timeout: 600_000 }), page.locator('form button').click()]);
  assert.equal(download.suggestedFilename(), NAME);
  const file = path.join(scratch(t), 'saved');
  await download.saveAs(file);
  return file;
}

const said = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor({ timeout: 60_000 });

/** Another page in a browser that shares nothing with this one. */
const another = async (page) => (await page.context().browser().newContext({ locale: 'en-GB' })).newPage();

/** One use, one claim, completed within the budget; and another attempt is refused. */
async function onceAndOver({ sender, link }, object) {
  const record = await sender.completed(link);
  assert.deepEqual([record.claimed, record.claims.length, record.size], [1, 1, object.size]);
  assert.ok(record.claims[0].sent <= 2 * object.size + 8 * MIB, `${record.claims[0].sent} bytes were sent`);
  const second = await fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } });
  assert.equal(second.status, 410);
}

/** Whoever opens the link now is told that it is over. */
async function refusedTo(page, url) {
  const answer = await open(page, url, 'h1');
  assert.equal(answer.status(), 410);
  assert.equal(await page.locator('form button').count(), 0, 'a spent link offers no button');
}

/** A browser saves it from the page while another waits, which then gets nothing; nor do later ones. */
async function browserSavesOnce(t, object, flags) {
  const place = await shared(t, object, flags);
  const page = await browse(t);
  await open(page, place.url, 'form button');
  assert.equal((await place.sender.show(place.link)).claimed, 0, 'looking spends nothing');
  const rival = await another(page);
  await rival.goto(place.link.url);
  const file = await saved(t, page);
  await said(page, /undamaged/);
  assert.equal(await digestOf(file), object.sha256);
  await rival.locator('form button').click();
  await rival.getByRole('heading', { name: 'This link has been used' }).waitFor({ timeout: 60_000 });
  await refusedTo(await another(page), place.url);
  await onceAndOver(place, object);
  assert.deepEqual(page.foreign, []);
  return place.gateway.stop();
}

/** `oncelink get` fetches it, and fetches it once. */
async function getFetchesOnce(t, object, flags) {
  const place = await shared(t, object, flags);
  const folder = scratch(t);
  const done = await start(BIN, ['get', place.url, '-o', 'file', '--json'], { cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(JSON.parse(done.stdout).verified, true);
  assert.equal(await digestOf(path.join(folder, 'file')), object.sha256);
  const again = await start(BIN, ['get', place.url, '-o', 'again'], { cwd: folder });
  assert.equal(again.status, 3, again.stderr);
  await onceAndOver(place, object);
  return place.gateway.stop();
}

/** The faults took place. An instance that is at work just then is spared. */
function suffered(figures) {
  assert.ok(figures.answered >= 70 && figures.lost >= 7 && figures.killed >= 5, JSON.stringify(figures));
}

promise('a browser saves 300 MiB through a 6 MB gateway once', async (t) => {
  const figures = await browserSavesOnce(t, objects.large);
  assert.ok(figures.answered > objects.large.size / (6 * MIB), JSON.stringify(figures));
});

promise('oncelink get fetches 300 MiB through a 6 MB gateway once', async (t) => {
  const figures = await getFetchesOnce(t, objects.large);
  assert.ok(figures.answered > objects.large.size / (6 * MIB), JSON.stringify(figures));
});

promise('a browser saves 300 MiB once though functions are killed and every tenth answer gets lost', async (t) => {
  suffered(await browserSavesOnce(t, objects.large, FAULTS));
});

promise('oncelink get fetches 300 MiB once though functions are killed and every tenth answer gets lost', async (t) => {
  suffered(await getFetchesOnce(t, objects.large, FAULTS));
});

promise('oncelink get fetches 1 GiB through a streaming gateway once', async (t) => {
  await getFetchesOnce(t, objects.huge, ['--mode', 'stream', '--shape', 'function-url']);
});

promise('a browser saves 1 GiB through a streaming gateway once', async (t) => {
  await browserSavesOnce(t, objects.huge, ['--mode', 'stream', '--shape', 'rest']);
});

promise('curl fetches what is beyond 200 MB in segments, as the guide says', async (t) => {
  const object = objects.large;
  const place = await shared(t, object, ['--mode', 'stream', '--shape', 'function-url']);
  const folder = scratch(t);
  const curl = async (...args) => {
    const done = await start('curl', ['-sS', '--fail-with-body', ...args], { cwd: folder });
    assert.equal(done.status, 0, `${done.stderr} ${done.stdout}`);
    return done.stdout;
  };
  const claim = ['-d', '', '-H', 'accept: application/json', '-H', `idempotency-key: ${noise(24).toString('base64url')}`, place.url];
  const { url, size, etag, segment, sha256 } = JSON.parse(await curl(...claim));
  assert.deepEqual([size, sha256, segment], [object.size, object.sha256, 200_000_000]);
  assert.equal(JSON.parse(await curl(...claim)).url, url, 'asked again, it is the same claim');
  const files = [];
  for (let from = 0; from < size; from += segment) {
    files.push(`${from}`);
    await curl('-r', `${from}-${Math.min(size, from + segment) - 1}`, '-H', `if-match: ${etag}`, '-H', 'oncelink-acknowledges: yes', '-o', `${from}`, url);
  }
  assert.equal(await digestOf(...files.map((file) => path.join(folder, file))), object.sha256);
  await curl('-d', '', `${url}/done`);
  await onceAndOver(place, object);
});

promise('a browser saves one streamed answer whose length the gateway hides', async (t) => {
  const object = objects.streamed;
  const place = await shared(t, object, ['--mode', 'stream', '--shape', 'function-url']);
  const page = await browse(t);
  await open(page, place.url, 'form button');
  const file = await saved(t, page);
  assert.equal(await digestOf(file), object.sha256);
  await onceAndOver(place, object);
  await refusedTo(page, place.url);
});

/** A browser at a link below a stage; notes requests and cookies that don't stay there. */
async function staged(t, object) {
  const place = await shared(t, object, ['--shape', 'rest', '--stage', 'live']);
  assert.ok(place.gateway.url.endsWith('/live') && place.url.startsWith(`${place.gateway.url}/d/`), place.url);
  const page = await browse(t);
  const strayed = [];
  const isBelow = (url) => url.startsWith(`${place.gateway.url}/`) || url.startsWith('blob:');
  page.context().on('request', (request) => isBelow(request.url()) || strayed.push(request.url()));
  return { ...place, page, strayed };
}

/** Everything stayed below the stage. */
async function stayed({ page, strayed }) {
  assert.deepEqual(strayed, []);
  assert.deepEqual(page.problems, []);
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((cookie) => cookie.path.startsWith('/live/')), JSON.stringify(cookies));
}

promise('a page whose worker got lost goes another way and saves it all the same', async (t) => {
  const object = objects.parts;
  const place = await shared(t, object);
  const page = await browse(t);
  let lost = 0;
  await page.route('**/segments-worker.js', (route) => ((lost += 1) > 1 ? route.continue() : route.fulfill({ status: 504, body: '{}' })));
  await open(page, place.url, 'form button');
  const file = await saved(t, page);
  assert.ok(lost > 0);
  assert.equal(await digestOf(file), object.sha256);
  await said(page, /undamaged/);
  await onceAndOver(place, object);
});

promise('below a stage a browser gets from the page to the file', async (t) => {
  const place = await staged(t, objects.small);
  await open(place.page, place.url, 'form button');
  const file = await saved(t, place.page);
  assert.equal(await digestOf(file), objects.small.sha256);
  await stayed(place);
  await onceAndOver(place, objects.small);
  await refusedTo(place.page, place.url);
});

promise('below a stage the same browser is known again and goes on with its segments', async (t) => {
  const place = await staged(t, objects.parts);
  await open(place.page, place.url, 'form button');
  await place.page.route('**/c/*', (route) => route.abort());
  await place.page.locator('form button').click();
  await said(place.page, /tried again/);
  await place.page.unrouteAll();
  place.page.problems.length = 0;
  await open(place.page, place.url, 'form button');
  assert.equal(await place.page.locator('h1').textContent(), 'Your download isn’t finished yet');
  const file = await saved(t, place.page);
  assert.equal(await digestOf(file), objects.parts.sha256);
  await said(place.page, /undamaged/);
  await stayed(place);
  await onceAndOver(place, objects.parts);
});

promise('below a stage it streams into the downloads through a service worker', async (t) => {
  const place = await staged(t, objects.parts);
  await place.page.addInitScript(() => delete StorageManager.prototype.getDirectory);
  await open(place.page, place.url, 'form button');
  const file = await saved(t, place.page);
  assert.equal(await digestOf(file), objects.parts.sha256);
  await stayed(place);
  await onceAndOver(place, objects.parts);
});
