// Every command in the guides for people, run in order; what they show is what comes. And that a wrong guide is found out.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { Cloud } from './lambda.mjs';
import { Bounded, Sender, UNBUFFERED, cuttingProxy, freeAddress, noise, scratch, sha256, sha256File, start } from './support.mjs';
import { agrees, blocks, deed, walk } from './walk.mjs';

const GUIDES = path.resolve(import.meta.dirname, '../../docs/guides');
const guide = (name) => readFileSync(path.join(GUIDES, `${name}.md`), 'utf8');

/** What a reader has and puts in place of the examples: a server's address here, and the public URL that leads to it. */
async function reader() {
  const address = await freeAddress();
  const table = { '127.0.0.1:8080': address, 'https://files.example.org': `http://${address}` };
  return { address, table, env: { ONCELINK_LISTEN: address } };
}

test('share-a-report.md: a report in a real bucket', async (t) => {
  const cloud = await Cloud.start();
  t.after(() => cloud.stop());
  mkdirSync(path.join(cloud.folder, 'outgoing'));
  const report = await cloud.put('outgoing/Q3.pdf', 70_000);
  const { table, env } = await reader();
  const { ONCELINK_TEST_S3_ENDPOINT: endpoint, ONCELINK_TEST_S3_BUCKET: bucket, ...keys } = cloud.settings;
  table['s3://my-bucket/outgoing'] = `'s3://${bucket}/outgoing?endpoint=${endpoint}&path_style=true'`;
  const { folder } = await walk(t, guide('share-a-report'), { table, env: { ...keys, ...env }, typed: 'blue heron\n' });
  assert.equal(sha256File(path.join(folder, 'Q3 report for Example Ltd.pdf')), report.sha256);
});

test('give-a-build-to-a-tester.md: share, a job, a tester, curl and wget', async (t) => {
  await walk(t, guide('give-a-build-to-a-tester'), await reader());
});

test('rest-api.md: three languages; a swallowed answer and two cuts cost nothing', async (t) => {
  const proxy = await cuttingProxy(t, []);
  const { address, table, env } = await reader();
  proxy.target = address;
  // After two cuts there is to be more left than the buffers hold.
  table['head -c 24000000 '] = `head -c ${UNBUFFERED + 16_000_000} `;
  let downloads = 0;
  const before = ({ text }) => {
    if (!/^(python3 fetch\.py|node fetch\.mjs) /.test(text)) return;
    assert.equal(proxy.cut, 3 * downloads, 'every cut before was met');
    downloads += 1;
    proxy.left.push(0, 8_000_000, 8_000_000);
  };
  const { folder } = await walk(t, guide('rest-api'), { table, env: { ...env, ONCELINK_PUBLIC_URL: proxy.url }, before });
  assert.deepEqual([downloads, proxy.cut], [2, 6]);
  assert.equal(proxy.asked.match(/^range: bytes=[1-9]\d*-\r$/gim)?.length, 4, 'after each cut the rest was asked for, not everything again');
  const key = readFileSync(path.join(folder, 'oncelink-data', 'api-key'), 'utf8').trim();
  const sender = Object.assign(new Sender(), { url: `http://${address}`, key });
  const { links } = await sender.api('GET', '/v1/links?prefix=app&state=spent');
  assert.deepEqual(links.map(({ claimed }) => claimed), [1, 1]);
});

test('rest-api.md: its downloaders take what comes in parts', async (t) => {
  const folder = scratch(t);
  const programs = blocks(guide('rest-api')).filter(({ purpose }) => /^fetch\./.test(purpose));
  const content = noise(3_500_000);
  const server = await Bounded.start(t, { 'app.bin': content }, ['--most', '1000000']);
  await walk(t, programs.map(({ purpose, text }) => `\`\`\`x ${purpose}\n${text}\`\`\`\n`).join(''), { folder });
  for (const program of ['python3 fetch.py', 'node fetch.mjs']) {
    const link = await server.link('app.bin');
    const done = await start('sh', ['-c', `${program} "$1" file`, 'sh', link.url], { cwd: folder });
    assert.equal(done.status, 0, done.stderr);
    assert.equal(sha256File(path.join(folder, 'file')), sha256(content));
    assert.equal((await server.show(link)).claimed, 1);
  }
});

test('a guide that says something wrong is found out', async (t) => {
  const wrong = (markdown, complaint) => assert.rejects(walk(t, markdown), complaint);
  await wrong('```sh\necho one\n```\n```text output\ntwo\n```\n', /line 4: the guide shows\ntwo/);
  await wrong('```sh\ntrue\noncelink link erase\ntrue\n```\n', /line 1: ended with 2:\n[^]*erase/);
  await wrong('```sh service\noncelink serve /nowhere/at/all --data data --listen 127.0.0.1:0\n```\n', /line 1: ended with 1:/);
  await wrong('text\n```\necho unmarked\n```\n', /line 2: .* neither/);
  await wrong('```bash\necho other\n```\n', /line 1: .* neither/);
  await wrong('```console output\n$ echo\n```\n', /line 1: .* neither/);
  await wrong('```sh\necho one\n', /line 1 has no end/);
  await walk(t, '```sh\nfive=5\n```\n```sh\necho "$five x"\n```\n```text output\n5 …\n```\n```text\nanything\n```\n');
});

test('what a guide shows stands for what comes, and for nothing else', () => {
  assert.ok(agrees('a … c\n…\nz\n', 'a b c\nx\ny\nz'));
  assert.ok(agrees('a\n…\n', 'a'));
  assert.ok(!agrees('a … c\n', 'a b c\nd\n'));
  assert.ok(!agrees('a.c\n', 'abc\n'));
  assert.equal(deed({ language: 'python', purpose: 'send.py' }), 'save');
});
