// What the client tests share: the real server as a child process, links on it, proxies that cut, files to compare.

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const BIN = process.env.ONCELINK_BIN;

/** A folder that is gone when the test is over. */
export function scratch(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'oncelink-clients-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A running server with a source folder of its own. */
export class Server {
  static async start(t, flags = []) {
    const server = new Server(scratch(t), flags);
    mkdirSync(server.files);
    await server.startAgain();
    t.after(() => server.kill());
    server.key = readFileSync(path.join(server.folder, 'data', 'api-key'), 'utf8').trim();
    return server;
  }

  constructor(folder, flags) {
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

  async api(method, target, body) {
    const headers = { authorization: `Bearer ${this.key}`, accept: 'application/json' };
    if (body) headers['content-type'] = 'application/json';
    const answer = await fetch(this.url + target, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${target}: ${answer.status} ${await answer.text()}`);
    return answer.json();
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
  async completed(link) {
    for (let tries = 0; tries < 200; tries += 1) {
      const record = await this.show(link);
      if (record.claims[0]?.state === 'completed') return record;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`never completed: ${JSON.stringify(await this.show(link))}`);
  }
}

/** A proxy that cuts connections: the first one that answers more than `cuts[0]` bytes is cut there, and so on. Its `target` may be set later. */
export async function cuttingProxy(t, cuts, target) {
  const left = [...cuts];
  const proxy = { cut: 0, target };
  const server = net.createServer((client) => {
    const [host, port] = proxy.target.replace('http://', '').split(':');
    const upstream = net.connect({ host, port: Number(port), highWaterMark: 16 * 1024 });
    let passed = 0;
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('end', () => client.end());
    client.pipe(upstream, { end: false });
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

/** A server whose links lead through a proxy that cuts. */
export async function servedThrough(t, cuts, flags = []) {
  const proxy = await cuttingProxy(t, cuts);
  const server = await Server.start(t, [...flags, '--public-url', proxy.url]);
  proxy.target = server.url;
  return { proxy, server };
}

/** Runs a program to its end, without blocking the proxies of this process. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
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
