// The sender's console in a real browser: signing in, browsing, making links, watching one live, revoking, keys.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { Server, noise } from './support.mjs';

const SHOTS = process.env.ONCELINK_SHOTS ?? path.resolve(import.meta.dirname, '../../artifacts/screenshots');
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1180, height: 820 } },
  dark: { colorScheme: 'dark', viewport: { width: 1180, height: 820 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 } },
};

/** A server with a source that looks like somebody's. */
async function office(t) {
  const server = await Server.start(t);
  for (const folder of ['builds', 'contracts', 'reports', 'reports/2026']) mkdirSync(path.join(server.files, folder));
  server.put('reports/2026/Annual report 2026.pdf', noise(2_400_000));
  server.put('reports/2026/Figures for the annual report.xlsx', noise(310_000));
  server.put('reports/2026/Übersicht <b>Q3 & more.pdf', noise(88_000));
  for (let month = 1; month <= 9; month += 1) server.put(`reports/2026/2026-0${month} monthly.pdf`, noise(40_000 * month));
  server.put('Price list.pdf', noise(120_000));
  return server;
}

async function signIn(page, server) {
  await page.goto(`${server.url}/console`);
  await page.getByLabel('API key').fill(server.key);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/console/links');
}

/** No findings in any look, and a picture of each. Leaves the page light and wide. */
async function look(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  for (const [kind, { colorScheme, viewport }] of Object.entries(LOOKS)) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await page.screenshot({ path: path.join(SHOTS, `console-${name}-${kind}.png`), fullPage: true });
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => self.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} (${node.failureSummary})`).join('\n')}`);
    assert.deepEqual(told, [], `${name}, ${kind}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${name}, ${kind}: nothing is wider than the window (${wide})`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(LOOKS.light.viewport);
}

test('a sender signs in, makes two links, watches one being taken, and revokes the other', async (t) => {
  const server = await office(t);
  const page = await browse(t, { userAgent: CHROME });
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.url });

  await page.goto(`${server.url}/console`);
  await look(page, 'sign-in');
  await page.getByLabel('API key').fill('olk_wrong');
  await page.keyboard.press('Enter');
  await page.getByText('That is no valid API key').waitFor();
  await look(page, 'sign-in-wrong');
  page.problems.length = 0;
  await signIn(page, server);
  await look(page, 'links-none');

  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('link', { name: 'reports', exact: true }).click();
  await page.getByRole('link', { name: '2026', exact: true }).click();
  await page.getByLabel('Choose Annual report 2026.pdf').check();
  await page.getByLabel('Choose Figures for the annual report.xlsx').check();
  await page.getByText('2 chosen').waitFor();
  await look(page, 'files');
  await page.getByRole('button', { name: 'Create links' }).click();

  await page.getByLabel('Uses').fill('2');
  await page.getByLabel('Note').fill('For Ann at Example Ltd, order 4711');
  await look(page, 'create');
  await page.getByText('More options').click();
  await look(page, 'create-more');
  await page.getByLabel('Media type').fill('nonsense');
  await page.getByRole('button', { name: 'Create 2 links' }).click();
  await page.getByText('Is no media type').waitFor();
  page.problems.length = 0;
  await look(page, 'create-wrong');
  await page.getByLabel('Media type').fill('');
  await page.getByRole('button', { name: 'Create 2 links' }).click();

  await page.getByText('Your 2 links are ready').waitFor();
  await page.locator('summary', { hasText: 'QR code' }).first().click();
  await look(page, 'made');
  const urls = await page.locator('section input[readonly]').evaluateAll((fields) => fields.map((field) => field.value));
  assert.equal(urls.length, 2);
  await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), urls[0]);
  await page.getByRole('button', { name: 'Copy all' }).click();
  await page.waitForFunction((all) => navigator.clipboard.readText().then((text) => text === all), urls.join('\n'));

  await page.getByRole('link', { name: 'All links' }).click();
  await page.getByText('2 of 2 uses left').first().waitFor();
  const list = await page.context().newPage();
  await list.goto(page.url());
  await page.getByRole('link', { name: 'Annual report 2026.pdf' }).click();
  await page.getByText('Link created').waitFor();

  // A chat's preview looks at it, then somebody takes it; both pages tell without being reloaded.
  const marked = await page.evaluate(() => (self.same = true));
  await fetch(urls[0], { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0', accept: 'text/html' } });
  await page.locator('.timeline').getByText('Page viewed by what looked like a scanner').waitFor();
  const taken = await fetch(urls[0], { method: 'POST', headers: { 'user-agent': 'curl/8.5.0' } });
  assert.equal((await taken.arrayBuffer()).byteLength, 2_400_000);
  await page.locator('.timeline').getByText('Completed: the whole file has arrived').waitFor();
  await list.getByText('1 of 2 uses left').waitFor();
  assert.equal(await page.evaluate(() => self.same), marked, 'never reloaded');
  assert.match(await page.locator('#said').textContent(), /^Updated: /, 'and a screen reader is told');
  await look(page, 'link');

  await page.locator('summary', { hasText: 'Reissue' }).click();
  await page.locator('summary', { hasText: 'Revoke' }).click();
  await look(page, 'link-actions');
  await page.getByRole('button', { name: 'Revoke for good' }).click();
  await page.getByText('Nobody can use it any more').waitFor();
  assert.equal((await fetch(urls[0], { method: 'POST' })).status, 410);
  await look(page, 'link-revoked');
  await page.locator('summary', { hasText: 'Reissue' }).click();
  await page.getByRole('button', { name: 'Revoke and make a fresh one' }).click();
  await page.getByText('This is the fresh one').waitFor();
  await look(page, 'reissued');
  await list.close();

  await page.getByRole('link', { name: 'Links', exact: true }).click();
  await page.locator('.rows .state.revoked').waitFor();
  await look(page, 'links');
  assert.deepEqual(page.problems, []);
});

test('keys are made, shown once and revoked, and the one that is signed in with takes the session along', async (t) => {
  const server = await office(t);
  const page = await browse(t);
  await signIn(page, server);
  await page.getByRole('link', { name: 'API keys' }).click();
  await page.getByLabel('Name').fill('Build server');
  await page.getByLabel('browse files').uncheck();
  await page.getByLabel('Only below').fill('builds/');
  await look(page, 'keys');
  await page.getByRole('button', { name: 'Create key' }).click();
  const key = await page.getByLabel('The new API key').inputValue();
  assert.match(key, /^olk_/);
  await look(page, 'key-made');
  await page.getByRole('link', { name: 'All keys' }).click();
  await page.getByText('below builds/').waitFor();
  const narrow = await browse(t);
  await signIn(narrow, { url: server.url, key });
  assert.equal(await narrow.getByRole('link', { name: 'API keys' }).count(), 0);
  await narrow.goto(`${server.url}/console/keys`);
  await narrow.getByText('The key lacks the action keys:manage.').waitFor();
  await look(narrow, 'forbidden');
  await page.locator('summary', { hasText: 'Revoke Build server' }).click();
  await page.locator('details[open]').getByRole('button', { name: 'Revoke for good' }).click();
  await page.getByText('1 revoked').waitFor();
  await narrow.goto(`${server.url}/console/links`);
  await narrow.waitForURL('**/console/sign-in**');
  assert.deepEqual(page.problems, []);
});

test('everything but news and copying works without JavaScript', async (t) => {
  const server = await office(t);
  const page = await browse(t, { javaScriptEnabled: false });
  await signIn(page, server);
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('link', { name: 'Price list.pdf' }).click();
  await page.getByRole('button', { name: 'Create link' }).click();
  const url = await page.getByLabel('Address of the link').inputValue();
  assert.equal(await page.getByRole('button', { name: 'Copy' }).count(), 0, 'no button that can do nothing');
  await page.getByRole('link', { name: 'Watch it' }).click();
  await page.locator('summary', { hasText: 'Revoke' }).click();
  await page.getByRole('button', { name: 'Revoke for good' }).click();
  await page.getByText('Nobody can use it any more').waitFor();
  assert.equal((await fetch(url, { method: 'POST' })).status, 410);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('the keyboard alone makes a link', async (t) => {
  const server = await office(t);
  const page = await browse(t);
  await signIn(page, server);
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const tabTo = async (name) => {
    for (let step = 0; step < 60; step += 1) {
      await press('Tab');
      const focused = await page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim());
      if (focused === name) return;
    }
    throw new Error(`${name} can't be reached`);
  };
  await tabTo('Files');
  await press('Enter');
  await page.waitForURL('**/console/files');
  await tabTo('Choose Price list.pdf');
  await press('Space');
  await tabTo('Create links');
  await press('Enter');
  await page.getByRole('heading', { name: 'New link' }).waitFor();
  await tabTo('Create link');
  await press('Enter');
  await page.getByText('Your link is ready').waitFor();
});

test('hostile names are text in the browser too', async (t) => {
  const server = await office(t);
  const page = await browse(t);
  await signIn(page, server);
  const hostile = '<img src=x onerror="document.title=\'hit\'"><script>document.title="hit"</script>';
  const link = await server.link('Price list.pdf', { note: hostile, metadata: { a: hostile }, filename: 'a"><svg onload=alert(1)>.pdf' });
  for (const place of ['links', `links/${link.id}`, 'files?prefix=reports%2F2026%2F']) {
    await page.goto(`${server.url}/console/${place}`);
    assert.doesNotMatch(await page.title(), /hit/);
    assert.equal(await page.locator('main img, main script, main b').count(), 0, place);
  }
  await fetch(link.url, { headers: { 'user-agent': hostile, accept: 'text/html' } });
  await page.goto(`${server.url}/console/links/${link.id}`);
  await page.getByText('Page viewed').waitFor();
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.deepEqual(page.problems, []);
});
