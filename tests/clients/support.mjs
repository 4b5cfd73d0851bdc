// What the client tests share: the real server as a child process, links on it, proxies that cut, files to compare.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const BIN = process.env.ONCELINK_BIN;
const PATIENCE = 60_000;

/**
 * More bytes than two connections in a row hold. While a program doesn't read, the kernel takes in, and acknowledges, what its
 * buffers have room for; they grow as they are read from, and Node can't bound them. Of a larger file the rest is still to come.
 */
export const UNBUFFERED = Math.min(2 * (mostBuffered('tcp_rmem') + mostBuffered('tcp_wmem')) + 8_000_000, 1_000_000_000);

/** What a connection's buffer grows to at the most, see tcp(7). */
function mostBuffered(name) {
  const file = `/proc/sys/net/ipv4/${name}`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim().split(/\s+/)[2]) : 8_000_000;
}

/** A folder that is gone when the test is over. */
export function scratch(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'oncelink-clients-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Tries until there is something, and gives that. On a busy machine everything takes its time. */
export async function eventually(attempt, complaint) {
  for (const deadline = Date.now() + PATIENCE; ; ) {
    const found = await attempt();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(await complaint());
    await sleep(25);
  }
}

/** What senders ask of any server that answers at `url` for `key`. */
export class Sender {
  async api(method, target, body) {
    const headers = { authorization: `Bearer ${this.key}`, accept: 'application/json' };
    if (body) headers['content-type'] = 'application/json';
    const ask = () => fetch(this.url + target, { method, headers, body: body && JSON.stringify(body) });
    let answer = await ask();
    // What may be asked twice is asked again when the server is only busy.
    for (let tries = 0; tries < 5 && method !== 'POST' && [503, 504].includes(answer.status); tries += 1) {
      await sleep(500);
      answer = await ask();
    }
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** A link to a file of the source. */
  async link(key, terms = {}) {
    const made = await this.api('POST', '/v1/links', { source: 'files', key, ...terms });
    return { id: made.id, url: made.url };
  }

  show(link) {
    return this.api('GET', `/v1/links/${link.id}`);
  }

  /** Waits until the link's first claim is completed: the acknowledgement of the last byte may be a moment behind. */
  completed(link) {
    let record;
    const isCompleted = async () => (record = await this.show(link)).claims[0]?.state === 'completed' && record;
    return eventually(isCompleted, () => `never completed: ${JSON.stringify(record)}`);
  }
}

/** A running server with a source folder of its own. */
export class Server extends Sender {
  static async start(t, flags = []) {
    const server = new Server(scratch(t), flags);
    mkdirSync(server.files);
    await server.startAgain();
    t.after(() => server.kill());
    server.key = readFileSync(path.join(server.folder, 'data', 'api-key'), 'utf8').trim();
    return server;
  }

  constructor(folder, flags) {
    super();
    Object.assign(this, { folder, flags, files: path.join(folder, 'files'), listen: '127.0.0.1:0' });
  }

  async startAgain() {
    const args = ['serve', `files=${this.files}`, '--listen', this.listen, '--data', path.join(this.folder, 'data'), ...this.flags];
    this.child = spawn(BIN, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: this.folder });
    this.log = '';
    this.listen = await new Promise((resolve, reject) => {
      this.child.stderr.on('data', (chunk) => {
        this.log += chunk;
        const found = this.log.match(/listening on http:\/\/(\S+)/);
        if (found) resolve(found[1]);
      });
      this.child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${this.log}`)));
    });
    this.url = `http://${this.listen}`;
  }

  kill() {
    this.child.removeAllListeners('exit');
    this.child.kill('SIGKILL');
    return new Promise((resolve) => (this.child.exitCode === null && this.child.signalCode === null ? this.child.once('exit', resolve) : resolve()));
  }

  put(name, content) {
    writeFileSync(path.join(this.files, name), content);
    return content;
  }
}

/**
 * A proxy that cuts connections: the first one that answers more than `cuts[0]` bytes is cut there, and so on. Its `target` may be
 * set, and further cuts pushed to `left`, later; `asked` is what clients said.
 */
export async function cuttingProxy(t, cuts, target) {
  const left = [...cuts];
  const proxy = { cut: 0, asked: '', target, left };
  const server = net.createServer((client) => {
    const [host, port] = proxy.target.replace('http://', '').split(':');
    const upstream = net.connect({ host, port: Number(port), highWaterMark: 16 * 1024 });
    let passed = 0;
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('end', () => client.end());
    client.pipe(upstream, { end: false });
    client.on('data', (chunk) => (proxy.asked += chunk.toString('latin1')));
    upstream.on('data', (chunk) => {
      passed += chunk.length;
      if (left.length > 0 && passed > left[0]) {
        const allowed = chunk.subarray(0, chunk.length - (passed - left[0]));
        left.shift();
        proxy.cut += 1;
        client.write(allowed, () => client.resetAndDestroy());
        upstream.destroy();
      } else if (!client.write(chunk)) {
        upstream.pause();
        client.once('drain', () => upstream.resume());
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  return proxy;
}

/**
 * A proxy for one request per connection that cuts every `every`-th reply of a claim's bytes in its middle. It can be paused,
 * which stops all these replies once so many of their bytes have gone through; then `paused` is fulfilled. Pages always come whole.
 */
export async function lossyProxy(t, every) {
  const proxy = { cut: 0, target: '', limit: Infinity };
  let [replies, passed] = [0, 0];
  let resume = [];
  proxy.pauseAfter = (bytes) => {
    proxy.limit = passed + bytes;
    proxy.paused = new Promise((resolve) => (proxy.isPaused = resolve));
  };
  proxy.goOn = () => {
    proxy.limit = Infinity;
    resume.splice(0).forEach((go) => go());
  };
  const server = http.createServer((request, answer) => {
    const { hostname, port } = new URL(proxy.target);
    const options = { hostname, port, path: request.url, method: request.method, headers: { ...request.headers, connection: 'close' } };
    const upstream = http.request(options, (reply) => {
      const bytes = request.method === 'GET' && request.url.startsWith('/c/') && reply.statusCode === 206;
      const isCut = bytes && every > 0 && (replies += 1) % every === 0;
      let left = isCut ? Number(reply.headers['content-length']) >> 1 : Infinity;
      answer.writeHead(reply.statusCode, reply.rawHeaders);
      reply.on('data', (chunk) => {
        if (bytes) passed += chunk.length;
        left -= chunk.length;
        if (left < 0) {
          proxy.cut += 1;
          reply.destroy();
          answer.write(chunk.subarray(0, chunk.length + left), () => answer.destroy());
          return;
        }
        answer.write(chunk);
        if (bytes && passed > proxy.limit) {
          reply.pause();
          resume.push(() => reply.resume());
          proxy.isPaused();
        }
      });
      reply.on('end', () => answer.end()).on('error', () => answer.destroy());
    });
    upstream.on('error', () => answer.destroy());
    answer.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close(() => {}) && server.closeAllConnections());
  proxy.url = `http://127.0.0.1:${server.address().port}`;
  return proxy;
}

/** The router with the bounds of a serverless transport, over memory: `files` by name; its links lead to `publicUrl`, if given. */
export class Bounded extends Sender {
  static async start(t, files, flags = []) {
    const bounded = new Bounded();
    const folder = scratch(t);
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
    const child = spawn(process.env.ONCELINK_BOUNDED, [...flags, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const line = await new Promise((resolve, reject) => {
      let text = '';
      child.stdout.on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(text);
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
    });
    return Object.assign(bounded, JSON.parse(line));
  }
}

/** A server whose links lead through a proxy that cuts. */
export async function servedThrough(t, cuts, flags = []) {
  const proxy = await cuttingProxy(t, cuts);
  const server = await Server.start(t, [...flags, '--public-url', proxy.url]);
  proxy.target = server.url;
  return { proxy, server };
}

let addresses = 0;

/**
 * An address at which nothing listens yet, nor will: it is nobody else's, and so a port that others take meanwhile isn't this one.
 * Only Linux has more than one address of this machine.
 */
export async function freeAddress() {
  addresses += 1;
  const host = process.platform === 'linux' ? `127.${64 + ((process.pid >> 8) & 63)}.${process.pid & 255}.${addresses}` : '127.0.0.1';
  const server = net.createServer();
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `${host}:${port}`;
}

/** Runs a program to its end, without blocking the proxies of this process. */
export function start(program, args, { onStart, ...options } = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  onStart?.(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += chunk));
  child.stderr.on('data', (chunk) => (output.stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...output }));
  });
}

export const noise = (size) => randomBytes(size);
export const sha256 = (content) => createHash('sha256').update(content).digest('hex');
export const sha256File = (file) => sha256(readFileSync(file));
