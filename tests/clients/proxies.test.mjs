// The proxy guide's own files in real proxies: nginx and Caddy with TLS in front of the server, checked as the guide says, and for
// what it promises of them: nothing is buffered, nobody lies about an address, no secret is in a log.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import test from 'node:test';

import { Sender, UNBUFFERED, eventually, freeAddress, noise, scratch, sha256, start } from './support.mjs';
import { walk } from './walk.mjs';

const GUIDE = readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/reverse-proxy.md'), 'utf8');
const SECRET = /ol_[0-9A-Za-z]{36}|oc_[0-9a-z]{26}/;

/** Each proxy: the guide's file, what differs on this machine, and how it is started. */
const PROXIES = {
  nginx: {
    file: 'oncelink.conf',
    table: ({ address, folder }) => ({
      'listen 443': `listen ${address}`,
      '/etc/ssl/files.example.org': path.join(folder, 'certificate'),
      '/var/log/nginx /var/log/caddy': folder,
      '/var/log/nginx': folder,
    }),
    command: ({ folder, file }) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
      const http = `http { access_log off; ${temporary.join(' ')} include ${file}; }`;
      writeFileSync(path.join(folder, 'nginx.conf'), `${process.getuid() === 0 ? 'user root; ' : ''}pid ${folder}/pid; daemon off; events {} ${http}\n`);
      return ['nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'start.log')]];
    },
  },
  caddy: {
    file: 'Caddyfile',
    table: ({ address, folder }) => ({
      '\nfiles.example.org {': `\nhttps://${address} {\n\ttls ${folder}/certificate.pem ${folder}/certificate.key\n\tbind ${address.split(':')[0]}`,
      '{\n\tlog {\n\t\t#': '{\n\tadmin off\n\tauto_https disable_redirects\n\tlog {\n\t\t#',
      '/var/log/nginx /var/log/caddy': folder,
      '/var/log/caddy': folder,
    }),
    command: ({ file }) => ['caddy', ['run', '--adapter', 'caddyfile', '--config', file]],
  },
};

/** A certificate for an address of this machine that nobody else would believe. */
async function certificate(folder, host) {
  const [key, pem] = ['key', 'pem'].map((kind) => path.join(folder, `certificate.${kind}`));
  const terms = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=IP:${host}`, '-days', '2'];
  const done = await start('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', pem, ...terms]);
  assert.equal(done.status, 0, done.stderr);
  return pem;
}

/** Runs a proxy until the test is over, and comes back when it takes connections. */
async function run(t, name, place) {
  const [program, args] = PROXIES[name].command(place);
  // Servers are often in a folder that only the superuser looks into.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin`, HOME: place.folder, XDG_CONFIG_HOME: place.folder, XDG_DATA_HOME: place.folder };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (place.said += chunk));
  let failure;
  child.on('error', (error) => (failure = error)).on('exit', (code) => (failure = new Error(`${name} ended with ${code}: ${place.said}`)));
  const gone = new Promise((resolve) => child.once('close', resolve));
  t.after(() => child.kill('SIGTERM') && gone);
  const answers = async () => {
    if (failure) throw failure;
    const tried = await start('curl', ['-sS', '--cacert', place.pem, '-o', '/dev/null', `${place.url}/`]);
    return tried.status === 0;
  };
  await eventually(answers, () => `${name} takes no connections: ${place.said}`);
}

/** Walks through the guide with one of its proxies, and leaves everything running. */
async function behind(t, name) {
  const [server, address] = [await freeAddress(), await freeAddress()];
  const folder = scratch(t);
  const pem = await certificate(folder, address.split(':')[0]);
  const place = { server, address, folder, pem, url: `https://${address}`, said: '' };
  const table = { 'https://files.example.org': place.url, '127.0.0.1:8080': server, ...PROXIES[name].table(place) };
  const env = { ONCELINK_LISTEN: server, CURL_CA_BUNDLE: pem, SSL_CERT_FILE: pem };
  let isRunning = false;
  place.walked = scratch(t);
  place.file = path.join(place.walked, PROXIES[name].file);
  place.files = path.join(place.walked, 'outgoing');
  const { services } = await walk(t, GUIDE, {
    table,
    env,
    folder: place.walked,
    before: async ({ deed }) => {
      // The server is up and the checks begin.
      if (isRunning || deed !== 'run' || !existsSync(path.join(place.walked, 'oncelink-data', 'server'))) return;
      isRunning = true;
      await run(t, name, place);
    },
  });
  const sender = Object.assign(new Sender(), { url: `http://${server}`, key: readFileSync(path.join(place.walked, 'oncelink-data', 'api-key'), 'utf8').trim() });
  return Object.assign(place, { services, sender, ca: readFileSync(pem) });
}

const curl = (place, ...args) => start('curl', ['-sS', '--cacert', place.pem, ...args]);
const link = (place, terms) => place.sender.api('POST', '/v1/links', terms);
const claim = async (place, { url }) => JSON.parse((await curl(place, '-X', 'POST', '-H', 'Accept: application/json', url)).stdout);

/** Everything that the proxy wrote, wherever it wrote it. */
function logs({ folder, said }) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /log$/.test(entry.name));
  return files.map((entry) => readFileSync(path.join(entry.parentPath ?? entry.path, entry.name), 'utf8')).join('') + said;
}

/** A client that takes some bytes and then stops reading; `hangUp` ends it. */
function stalled(place, url) {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca: place.ca, agent: false }, (answer) => {
      let taken = 0;
      answer.on('data', (chunk) => {
        taken += chunk.length;
        if (taken > 100_000) resolve({ hangUp: () => request.destroy(), status: answer.statusCode, taken: answer.pause() && taken });
      });
      answer.on('error', () => {});
    });
    request.on('error', reject);
  });
}

for (const name of Object.keys(PROXIES)) {
  test(`${name} as the guide has it: checked, unbuffered, honest about addresses, silent about secrets`, async (t) => {
    const place = await behind(t, name);
    const content = noise(UNBUFFERED);
    writeFileSync(path.join(place.files, 'b.bin'), content);

    await t.test('a client that stalls is not taken for one that has everything, and may go on', async () => {
      const made = await link(place, { key: 'b.bin' });
      const { url } = await claim(place, made);
      const client = await stalled(place, url);
      // A buffering proxy would have taken it all in by then.
      for (let tries = 0; tries < 40; tries += 1) {
        const [{ state }] = (await place.sender.show(made)).claims;
        assert.equal(state, 'active', 'nothing but the client completes a download');
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      client.hangUp();
      const file = path.join(scratch(t), 'file');
      writeFileSync(file, content.subarray(0, client.taken));
      const rest = await curl(place, '--fail', '-C', '-', '-o', file, url);
      assert.equal(rest.status, 0, rest.stderr);
      assert.equal(sha256(readFileSync(file)), sha256(content));
    });

    await t.test('events and allow_from see the client, whatever it says of itself', async () => {
      const made = await link(place, { key: 'hello.txt', allow_from: ['127.0.0.2/32'] });
      const lies = ['-H', 'X-Forwarded-For: 127.0.0.2', '-H', 'Forwarded: for=127.0.0.2'];
      const refused = await curl(place, '-o', '/dev/null', '-w', '%{http_code}', '-d', '', ...lies, made.url);
      assert.equal(refused.stdout, '403');
      const taken = await curl(place, '--interface', '127.0.0.2', '-L', '-d', '', '-H', 'X-Forwarded-For: 203.0.113.9', made.url);
      assert.equal(taken.stdout, 'hello\n');
      const { events } = await place.sender.api('GET', `/v1/links/${made.id}/events`);
      assert.deepEqual(events.filter(({ type }) => ['refused', 'claimed'].includes(type)).map((event) => event.address), ['127.0.0.1', '127.0.0.2']);
    });

    await t.test('a large batch passes, a larger one is refused, and a direct link downloads', async () => {
      const batch = async (links) => {
        const body = path.join(scratch(t), 'body');
        writeFileSync(body, JSON.stringify({ links }));
        const headers = ['-H', `Authorization: Bearer ${place.sender.key}`, '-H', 'Content-Type: application/json'];
        return curl(place, '-o', '/dev/null', '-w', '%{http_code}', ...headers, '--data-binary', `@${body}`, `${place.url}/v1/links/batch`);
      };
      const rows = Array.from({ length: 1000 }, () => ({ key: 'hello.txt', note: 'n'.repeat(2000), filename: 'f'.repeat(255) }));
      assert.equal((await batch(rows)).stdout, '200');
      assert.equal((await batch([...rows, ...rows])).stdout, '413');
      const direct = await link(place, { key: 'hello.txt', gate: 'direct' });
      assert.equal((await curl(place, `${place.url}/download?token=${direct.url.split('/').at(-1)}`)).stdout, 'hello\n');
    });

    await t.test('no secret is logged, not even when the server is gone', async () => {
      const made = await link(place, { key: 'b.bin' });
      const { url } = await claim(place, made);
      const client = await stalled(place, url);
      process.kill(-place.services[0].pid, 'SIGKILL');
      client.hangUp();
      const gone = await curl(place, '-o', '/dev/null', '-w', '%{http_code}', '-d', '', made.url);
      assert.equal(gone.stdout, '502');
      const said = logs(place);
      assert.match(said, /POST|"method"/, 'something is logged at all');
      assert.doesNotMatch(said, SECRET);
      assert.doesNotMatch(said, new RegExp(place.sender.key));
    });
  });
}
