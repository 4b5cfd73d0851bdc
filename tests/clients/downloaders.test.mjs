// curl, wget, aria2 and oncelink get: each takes a file once, goes on after a cut where it can, and is refused after that.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { BIN, Server, UNBUFFERED, noise, scratch, servedThrough, sha256, sha256File, start } from './support.mjs';

const SIZE = 24_000_001;

/**
 * A server with a file, and a folder to download into; with `cuts`, its links lead through a proxy that cuts there, and the file is
 * so large that the server notices.
 */
async function served(t, cuts) {
  const { server, proxy } = cuts ? await servedThrough(t, cuts) : { server: await Server.start(t) };
  return { server, proxy, content: server.put('report 1.bin', noise(cuts ? UNBUFFERED : SIZE)), folder: scratch(t) };
}

test('curl with stock flags saves the file under its name, once', async (t) => {
  const { server, content, folder } = await served(t);
  const link = await server.link('report 1.bin', { filename: 'report.bin' });
  const first = await start('curl', ['-sS', '-f', '-OJL', '-d', '', link.url], { cwd: folder });
  assert.equal(first.status, 0, first.stderr);
  assert.deepEqual(readdirSync(folder), ['report.bin']);
  assert.equal(sha256File(path.join(folder, 'report.bin')), sha256(content));
  await server.completed(link);
  const second = await start('curl', ['-sS', '-L', '-d', '', '-o', 'again', '-w', '%{http_code}', link.url], { cwd: folder });
  assert.equal(second.stdout, '410');
});

test('curl resumes at the claim with -C - after a cut', async (t) => {
  const { server, proxy, content, folder } = await served(t, [2_000_000, 1_500_000]);
  const link = await server.link('report 1.bin');
  const claim = await (await fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } })).json();
  let last;
  for (let tries = 0; tries < 3; tries += 1) {
    last = await start('curl', ['-sS', '-f', '-C', '-', '-o', 'file', claim.url], { cwd: folder });
  }
  assert.equal(last.status, 0, last.stderr);
  assert.equal(proxy.cut, 2);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  await server.completed(link);
});

test('wget takes a page link, and goes on by itself after two cuts', async (t) => {
  const { server, proxy, content, folder } = await served(t, [1_000_000, 2_000_000]);
  const link = await server.link('report 1.bin');
  const args = ['-q', '--tries=5', '--waitretry=1', '--content-disposition', '--post-data=', '-O', 'file', link.url];
  const done = await start('wget', args, { cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(proxy.cut, 2);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  const record = await server.completed(link);
  assert.equal(record.claimed, 1);
});

test('wget takes a direct link, and goes on by itself after a cut', async (t) => {
  const { server, proxy, content, folder } = await served(t, [2_500_000]);
  const link = await server.link('report 1.bin', { gate: 'direct' });
  const done = await start('wget', ['-q', '--tries=5', '--waitretry=1', '-O', 'file', link.url], { cwd: folder });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(proxy.cut, 1);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  assert.equal((await server.completed(link)).claimed, 1);
});

test('aria2 fetches a claim over four connections', async (t) => {
  const { server, content, folder } = await served(t);
  const link = await server.link('report 1.bin');
  const claim = await (await fetch(link.url, { method: 'POST', headers: { accept: 'application/json' } })).json();
  const done = await start('aria2c', ['-q', '-x4', '-s4', '-k1M', '-o', 'file', claim.url], { cwd: folder });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  await server.completed(link);
});

test('oncelink get survives ten cuts with one use', async (t) => {
  const cuts = Array.from({ length: 10 }, (_, number) => 100_000 + number * 70_001);
  const { server, proxy, content, folder } = await served(t, cuts);
  const link = await server.link('report 1.bin');
  const done = await start(BIN, ['get', link.url, '-o', 'file'], { cwd: folder, env: { ...process.env, HOME: folder, XDG_STATE_HOME: folder } });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(proxy.cut, 10);
  assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
  const record = await server.completed(link);
  assert.equal(record.claimed, 1);
  const again = await start(BIN, ['get', link.url, '-o', 'again'], { cwd: folder });
  assert.equal(again.status, 3, 'a refusal has its own exit code');
  assert.ok(!existsSync(path.join(folder, 'again')), 'a refused download leaves no file');
});

test('oncelink get never overwrites silently and can write to standard output', async (t) => {
  const { server, content, folder } = await served(t);
  writeFileSync(path.join(folder, 'file'), 'mine');
  const kept = await server.link('report 1.bin');
  const refused = await start(BIN, ['get', kept.url, '-o', 'file'], { cwd: folder });
  assert.notEqual(refused.status, 0);
  assert.equal(readFileSync(path.join(folder, 'file'), 'utf8'), 'mine');
  assert.equal((await server.show(kept)).claimed, 0, 'nothing was claimed for a file that can not be written');
  const piped = await start('sh', ['-c', `"${BIN}" get "$1" -o - > out`, 'sh', kept.url], { cwd: folder });
  assert.equal(piped.status, 0, piped.stderr);
  assert.equal(sha256File(path.join(folder, 'out')), sha256(content));
});
