// Every state of a recipient's page, as it looks: no accessibility findings, no errors, nothing from elsewhere, nothing that
// is wider than a phone. Screenshots go to ONCELINK_SHOTS for eyes.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { Bounded, Server, lossyProxy, noise } from './support.mjs';

const SHOTS = process.env.ONCELINK_SHOTS ?? path.join(import.meta.dirname ?? '.', '../../artifacts/screenshots');
const AXE = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const LOOKS = [
  { name: 'light', viewport: { width: 1100, height: 860 }, colorScheme: 'light' },
  { name: 'dark', viewport: { width: 1100, height: 860 }, colorScheme: 'dark' },
  { name: 'phone', viewport: { width: 360, height: 740 }, colorScheme: 'light' },
];
const FILE = 'Quarterly report & plan 2026.pdf';

mkdirSync(SHOTS, { recursive: true });

/** What axe-core finds in the page, which forbids scripts from elsewhere: so it comes through the debugger. */
async function findings(page, cdp) {
  const run = async (expression) => {
    const { result, exceptionDetails } = await cdp.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true, allowUnsafeEvalBlockedByCSP: true });
    assert.equal(exceptionDetails, undefined);
    return result.value;
  };
  await run(`${AXE}; 0`);
  const found = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`;
  return run(`${found}.then((result) => result.violations.map((violation) => violation.id + ': ' + violation.nodes.map((node) => node.html).join(' ')))`);
}

/** Looks at the page as it stands, in each of the looks. */
async function look(page, name, looks = LOOKS) {
  const cdp = await page.context().newCDPSession(page);
  for (const { name: kind, viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: path.join(SHOTS, `${name}-${kind}.png`) });
    assert.deepEqual(await findings(page, cdp), [], `${name}, ${kind}`);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= room, `${name}, ${kind}: ${wide} in ${room} pixels`);
  }
  await cdp.detach();
  const told = page.problems.splice(0).filter((problem) => !/Failed to load resource: the server responded with a status of 4|503/.test(problem));
  assert.deepEqual([told, page.foreign], [[], []], name);
}

/** A server, links on it, and a page in English and one in Arabic. */
async function scene(t, flags = []) {
  const server = await Server.start(t, flags);
  server.put(FILE, noise(1_234_567));
  const page = await browse(t);
  const arabic = await browse(t, { locale: 'ar' });
  const both = async (name, reach) => {
    await reach(page);
    await look(page, name);
    await reach(arabic);
    assert.equal(await arabic.locator('html').getAttribute('dir'), 'rtl');
    await look(arabic, `${name}-ar`, [LOOKS[2]]);
  };
  return { server, page, both, link: (terms = {}) => server.link(FILE, terms) };
}

const title = (page) => page.locator('h1').textContent();
const claim = (link) => fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } });

/** Opens the page and presses its button, which answers with another page. */
async function press(page, link) {
  await page.goto(link.url);
  await Promise.all([page.waitForEvent('load'), page.getByRole('button').click()]);
}

test('a link that can be used: its page, the passphrase, going on', async (t) => {
  const { server, both, link } = await scene(t);
  const open = await link({ uses: 3 });
  await both('link', (page) => page.goto(open.url));
  const locked = await link({ passphrase: 'open sesame' });
  await both('passphrase', (page) => page.goto(locked.url));
  await both('passphrase-wrong', async (page) => {
    await page.goto(locked.url);
    await page.locator('#passphrase').fill('wrong');
    await page.getByRole('button').click();
    await page.waitForSelector('[aria-invalid=true]');
  });
  await both('resume', async (page) => {
    const begun = await link();
    await page.context().request.post(begun.url, { form: {}, maxRedirects: 0 });
    await page.goto(begun.url);
    assert.equal((await server.show(begun)).claims[0].state, 'active');
  });
  await both('home', (page) => page.goto(server.url));
});

test('a link that is over: spent, completed, expired, revoked, not yet, unknown', async (t) => {
  const { server, both, link } = await scene(t);
  const soon = await link({ expires_in: 1 });
  const spent = await link();
  await claim(spent);
  await both('spent', (page) => page.goto(spent.url));
  await both('completed', async (page) => {
    const own = await link();
    await page.goto(own.url);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button').click()]);
    await download.path();
    await server.completed(own);
    await page.goto(own.url);
  });
  const revoked = await link();
  await server.api('DELETE', `/v1/links/${revoked.id}`);
  await both('revoked', (page) => page.goto(revoked.url));
  const later = await link({ not_before: new Date(Date.now() + 7_200_000).toISOString() });
  await both('not-yet', (page) => page.goto(later.url));
  const elsewhere = await link({ allow_from: ['10.99.0.0/16'] });
  await both('wrong-address', (page) => page.goto(elsewhere.url));
  await both('unknown', (page) => page.goto(`${server.url}/d/nonsense`));
  await both('not-found', (page) => page.goto(`${server.url}/nothing/here`));
  await both('expired', (page) => page.goto(soon.url));
});

test('a file that is not as it was: changed, deleted', async (t) => {
  const { server, both, link } = await scene(t);
  const changed = await link();
  server.put(FILE, noise(77));
  await both('changed', async (page) => {
    await press(page, changed);
    assert.equal((await server.show(changed)).claimed, 0);
  });
  const deleted = await link();
  rmSync(path.join(server.files, FILE));
  await both('deleted', (page) => press(page, deleted));
});

test('a server that can not answer now: too many requests, no store', async (t) => {
  const { both, link } = await scene(t, ['--rate-limit', '1']);
  // The first request has been made by then: creating the link.
  const busy = await link().catch(() => ({ url: 'unused' }));
  const server = await Bounded.start(t, { [FILE]: noise(5000) }, ['--claims', 'fail']);
  await both('unavailable', async (page) => press(page, await server.link(FILE)));
  await both('too-many-requests', async (page) => {
    for (let tries = 0; tries < 5 && !/One moment|لحظة/.test(await title(page)); tries += 1) await page.goto(busy.url);
  });
});

test('a redirect is called what it is, and a file in parts shows how it gets on', async (t) => {
  const proxy = await lossyProxy(t, 0);
  const server = await Bounded.start(t, { [FILE]: noise(9_000_000) }, ['--most', '1000000', '--public-url', proxy.url]);
  proxy.target = server.url;
  const page = await browse(t);
  const arabic = await browse(t, { locale: 'ar' });
  for (const [tab, suffix, looks] of [[page, '', LOOKS], [arabic, '-ar', [LOOKS[2]]]]) {
    const exchange = await server.link(FILE, { delivery: 'redirect' });
    await tab.goto(exchange.url);
    await look(tab, `exchange${suffix}`, looks);
    const link = await server.link(FILE);
    await tab.goto(link.url);
    await look(tab, `parts${suffix}`, looks);
    proxy.pauseAfter(4_000_000);
    await tab.locator('form button').click();
    await tab.waitForFunction(() => document.getElementById('progress')?.value > 0.2);
    await look(tab, `parts-moving${suffix}`, looks);
    await tab.reload();
    await look(tab, `parts-resume${suffix}`, looks);
    proxy.goOn();
    await Promise.all([tab.waitForEvent('download'), tab.locator('form button').click()]);
    await tab.waitForFunction(() => !document.getElementById('save').hidden);
    await look(tab, `parts-done${suffix}`, looks);
    const claimed = await (await claim(await server.link(FILE))).json();
    await tab.goto(claimed.url);
    await look(tab, `parts-elsewhere${suffix}`, looks);
  }
  const plain = await browse(t, { javaScriptEnabled: false });
  await plain.goto((await server.link(FILE)).url);
  await plain.setViewportSize(LOOKS[2].viewport);
  await plain.screenshot({ path: path.join(SHOTS, 'parts-without-script-phone.png') });
});
