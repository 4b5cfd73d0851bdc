// A real browser as a recipient uses it: the button, the saved file, the second try, a cut in the middle.

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { Server, UNBUFFERED, noise, scratch, servedThrough, sha256, sha256File } from './support.mjs';

const SIZE = 24_000_001;

test('the button saves the file under its name, and the link is over', async (t) => {
  const server = await Server.start(t);
  const content = server.put('b.bin', noise(SIZE));
  const link = await server.link('b.bin', { filename: 'Übersicht 1.bin' });
  const page = await browse(t);
  await page.goto(link.url);
  assert.equal((await server.show(link)).claimed, 0, 'looking spends nothing');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
  assert.equal(download.suggestedFilename(), 'Übersicht 1.bin');
  const file = path.join(scratch(t), 'saved');
  await download.saveAs(file);
  assert.equal(sha256File(file), sha256(content));
  await server.completed(link);
  const answer = await page.goto(link.url);
  assert.equal(answer.status(), 410);
  assert.equal(await page.getByRole('button').count(), 0, 'a spent link offers no button');
});

test('without JavaScript the button works as well', async (t) => {
  const server = await Server.start(t);
  const content = server.put('b.bin', noise(70_000));
  const link = await server.link('b.bin');
  const page = await browse(t, { javaScriptEnabled: false });
  await page.goto(link.url);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
  const file = path.join(scratch(t), 'saved');
  await download.saveAs(file);
  assert.equal(sha256File(file), sha256(content));
});

test('two clicks are one claim', async (t) => {
  const server = await Server.start(t);
  server.put('b.bin', noise(SIZE));
  const link = await server.link('b.bin', { uses: 3 });
  const page = await browse(t);
  await page.goto(link.url);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').dblclick()]);
  await download.path();
  assert.equal((await server.show(link)).claimed, 1);
});

test('after a cut the same browser goes on from the same page, with the one use', async (t) => {
  const { server } = await servedThrough(t, [3_000_000]);
  // The middle for both: neither has seen the end by then.
  const content = server.put('b.bin', noise(UNBUFFERED));
  const link = await server.link('b.bin');
  const page = await browse(t);
  await page.goto(link.url);
  const [cut] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
  assert.ok(await cut.failure(), 'the connection was cut');
  const answer = await page.goto(link.url);
  assert.equal(answer.status(), 200, 'its page offers to go on');
  const goOn = page.locator('a[href*="/c/"], form[action*="/c/"] button').first();
  const [download] = await Promise.all([page.waitForEvent('download'), goOn.click()]);
  const file = path.join(scratch(t), 'saved');
  await download.saveAs(file);
  assert.equal(sha256File(file), sha256(content));
  assert.equal((await server.completed(link)).claimed, 1);
});

test('a passphrase is asked for in the page, and a wrong one spends nothing', async (t) => {
  const server = await Server.start(t);
  server.put('b.bin', noise(1000));
  const link = await server.link('b.bin', { passphrase: 'open sesame' });
  const page = await browse(t);
  await page.goto(link.url);
  await page.locator('input[name=passphrase]').fill('wrong');
  await page.getByRole('button').click();
  await page.waitForSelector('[aria-invalid=true]');
  assert.equal((await server.show(link)).claimed, 0);
  await page.locator('input[name=passphrase]').fill('open sesame');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
  await download.path();
  await server.completed(link);
});
