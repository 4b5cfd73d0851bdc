// The pictures of the README: made here, of the real pages. With ONCELINK_UPDATE_SHOTS=1 they are written to docs/images;
// without it, what is there must be as large as what comes out, and small. Pixels are not compared: fonts differ.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { Server, noise } from './support.mjs';

const IMAGES = path.resolve(import.meta.dirname, '../../docs/images');
const README = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
const UPDATE = process.env.ONCELINK_UPDATE_SHOTS === '1';
const MOST = 60_000;
const FILE = 'Annual report 2026.pdf';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
/** What differs from one run to the next, and what the pictures have instead. */
const SETTLED = [
  [/\w+ \d{1,2}, 20\d\d at \d{1,2}:\d\d [AP]M( UTC)?/g, 'May 8, 2026 at 10:30 AM UTC'],
  [/\d{1,2} \w{3} 20\d\d, \d\d:\d\d/g, '5 May 2026, 10:30'],
  [/20\d\d-\d\d-\d\d \d\d:\d\d UTC/g, '2026-05-05 10:30 UTC'],
  [/127\.0\.0\.1/g, '203.0.113.7'],
  [/^[0-9a-f]+-[0-9a-f]{16}$/g, '249f00-18eb2b327a1a4d20'],
  [/^[0-9a-z]{32}$/g, '0vfb201a1pjky3hjpd5r4kcxj39cf23d'],
];

/** The width and height that a PNG says it has. */
function dimensions(png) {
  assert.equal(png.toString('latin1', 1, 4), 'PNG');
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

/** The same picture with as many colours as it may have bytes for. */
function small(png) {
  for (const colours of [256, 192, 128, 96, 64]) {
    const { status, stdout, stderr, error } = spawnSync('pngquant', ['--strip', '--speed', '1', '--nofs', `${colours}`, '-'], { input: png, maxBuffer: 1 << 24 });
    assert.equal(status, 0, error?.message ?? stderr.toString());
    if (stdout.length < MOST) return stdout;
  }
  throw new Error('the picture does not get small enough');
}

/** Takes or checks a picture of the page as it stands, light and dark. */
async function picture(page, name, viewport) {
  await page.setViewportSize(viewport);
  const texts = SETTLED.map(([pattern, text]) => [pattern.source, text]);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const left = await page.evaluate((texts) => {
      const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (nodes.nextNode()) for (const [pattern, text] of texts) nodes.currentNode.data = nodes.currentNode.data.replace(new RegExp(pattern, 'g'), text);
      return document.body.innerText;
    }, texts);
    assert.doesNotMatch(left, /ol_|oc_|olk_/, 'no secret is in a picture');
    const made = await page.screenshot();
    const file = `${name}-${colorScheme}.png`;
    if (UPDATE) {
      mkdirSync(IMAGES, { recursive: true });
      writeFileSync(path.join(IMAGES, file), small(made));
    }
    const kept = readFileSync(path.join(IMAGES, file));
    assert.deepEqual(dimensions(kept), dimensions(made), `${file}: make it anew with ONCELINK_UPDATE_SHOTS=1`);
    assert.ok(kept.length < MOST, `${file} has ${kept.length} bytes`);
    assert.ok(README.includes(`docs/images/${file}`), `${file} is in the README`);
  }
}

const CARD = { width: 560, height: 680 };

test('the recipient: the page, and what is left of it afterwards', async (t) => {
  const server = await Server.start(t);
  server.put(FILE, noise(2_400_000));
  const link = await server.link(FILE, { passphrase: 'blue heron' });
  const page = await browse(t);
  await page.goto(link.url);
  await picture(page, 'link', CARD);
  await page.getByLabel('Passphrase').fill('blue heron');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
  await download.path();
  await server.completed(link);
  await page.goto(link.url);
  await picture(page, 'downloaded', CARD);
});

test('the sender: a link and its life in the console', async (t) => {
  const server = await Server.start(t);
  server.put(FILE, noise(2_400_000));
  const page = await browse(t, { userAgent: CHROME, javaScriptEnabled: false });
  await page.goto(`${server.url}/console`);
  await page.getByLabel('API key').fill(server.key);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('link', { name: FILE }).click();
  await page.getByLabel('Note').fill('For Ann at Example Ltd, order 4711');
  await page.getByRole('button', { name: 'Create link' }).click();
  const url = await page.getByLabel('Address of the link').inputValue();
  await page.getByRole('link', { name: 'Watch it' }).click();
  await fetch(url, { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0', accept: 'text/html' } });
  const taken = await fetch(url, { method: 'POST', headers: { 'user-agent': CHROME } });
  await taken.arrayBuffer();
  await server.completed({ id: page.url().split('/').at(-1) });
  await page.reload();
  await page.locator('.timeline').getByText('Completed: the whole file has arrived').waitFor();
  await page.locator('.timeline').getByText('looked like a scanner').waitFor();
  await picture(page, 'console', { width: 1000, height: 1000 });
});
