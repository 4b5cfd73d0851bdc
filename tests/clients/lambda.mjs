// AWS on this machine, for clients: a table and a bucket that real engines keep, and gateways before the real function.

import { execFileSync, spawn } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

import { BIN, Sender, start } from './support.mjs';

const ENGINES = fileURLToPath(new URL('../../scripts/engines/', import.meta.url));
const CHUNK = 4 * 1024 * 1024;

/** The engines, the bucket, the table and the sender's key that all gateways of a file of tests share. */
export class Cloud {
  static async start() {
    const cloud = new Cloud();
    // Engines outlive whoever started them.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => cloud.stop().finally(() => process.exit(1)));
    try {
      // Garage's keys are checked; dynoxide takes any.
      for (const name of ['garage', 'dynoxide']) await cloud.#engine(name);
    } catch (error) {
      await cloud.stop();
      throw error;
    }
    return cloud;
  }

  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'oncelink-cloud-'));
    this.key = `olk_${randomBytes(20).toString('hex')}`;
    this.settings = {};
    this.started = [];
  }

  async #engine(name) {
    const folder = path.join(this.folder, name);
    this.started.push([name, folder]);
    const env = { ...process.env, ...this.settings };
    const done = await start(path.join(ENGINES, `${name}.sh`), ['start', folder], { env });
    if (done.status !== 0) throw new Error(done.stderr);
    for (const [, variable, value] of done.stdout.matchAll(/\b([A-Z][A-Z0-9_]*)=(\S+)/g)) this.settings[variable] = value;
  }

  async stop() {
    for (const [name, folder] of this.started) await start(path.join(ENGINES, `${name}.sh`), ['stop', folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Puts an object whose content depends on its name and size alone, with its digest, as S3's own clients do. */
  async put(name, size) {
    const file = path.join(this.folder, name);
    const hash = createHash('sha256');
    await pipeline(Readable.from(stuff(name, size)), async function* (chunks) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    }, createWriteStream(file));
    const digest = hash.digest();
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region } = this.settings;
    const signed = ['--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${id}:${secret}`];
    const told = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '-H', `x-amz-checksum-sha256: ${digest.toString('base64')}`];
    const done = await start('curl', ['-sS', '--fail-with-body', ...signed, ...told, '-T', file, `${this.#bucket()}/${name}`]);
    rmSync(file);
    if (done.status !== 0) throw new Error(`${name}: ${done.stderr} ${done.stdout}`);
    return { name, size, sha256: digest.toString('hex') };
  }

  #bucket() {
    return `${this.settings.ONCELINK_TEST_S3_ENDPOINT}/${this.settings.ONCELINK_TEST_S3_BUCKET}`;
  }

  /** What the function's configuration would be. */
  environment() {
    const { ONCELINK_TEST_DYNAMODB: tables, ONCELINK_TEST_S3_ENDPOINT: objects, ONCELINK_TEST_S3_BUCKET: bucket, ...keys } = this.settings;
    const region = keys.AWS_REGION;
    return {
      ...keys,
      AWS_EC2_METADATA_DISABLED: 'true',
      ONCELINK_STORE: `dynamodb://clients?region=${region}&endpoint=${tables}`,
      ONCELINK_SOURCE: `files=s3://${bucket}?endpoint=${objects}&region=${region}&path_style=true`,
      ONCELINK_API_KEY_HASHES: execFileSync(BIN, ['key', 'hash', '-'], { input: this.key, encoding: 'utf8' }).trim(),
    };
  }
}

/** A gateway and its function. Its faults happen to senders too, who are to ask a gateway without faults on the same cloud. */
export class Gateway extends Sender {
  static async start(t, cloud, flags = []) {
    const gateway = new Gateway();
    gateway.key = cloud.key;
    const log = path.join(cloud.folder, 'function.log');
    const args = ['--bootstrap', process.env.ONCELINK_BOOTSTRAP, '--log', log, ...flags];
    gateway.child = spawn(process.env.ONCELINK_GATEWAY, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH, ...cloud.environment() } });
    gateway.said = '';
    gateway.over = new Promise((resolve) => gateway.child.once('close', resolve));
    t.after(() => gateway.stop());
    await new Promise((resolve, reject) => {
      gateway.child.once('error', reject);
      gateway.child.stdout.on('data', (chunk) => (gateway.said += chunk).includes('\n') && resolve());
      gateway.over.then((code) => reject(new Error(`the gateway ended with ${code}: ${gateway.said}`)));
    });
    gateway.url = gateway.said.split('\n', 1)[0];
    return gateway;
  }

  /** Where this gateway has a link that was made at another. */
  address(link, made) {
    return link.url.replace(made.url, this.url);
  }

  /** Ends it and its function; how many requests were answered, how many answers got lost and how many instances were ended. */
  async stop() {
    // Not killed: it ends its instances, which are frozen and would stay.
    this.child.kill('SIGTERM');
    await this.over;
    return JSON.parse(this.said.trimEnd().split('\n').at(-1));
  }
}

/** Bytes that look random, made faster than a disk writes them. */
function* stuff(name, size) {
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(name).digest(), Buffer.alloc(16));
  for (let left = size; left > 0; left -= CHUNK) yield cipher.update(Buffer.alloc(Math.min(left, CHUNK)));
}

/** The digest of files, one after the other, without having them in memory. */
export async function digestOf(...files) {
  const hash = createHash('sha256');
  for (const file of files) for await (const chunk of createReadStream(file, { highWaterMark: CHUNK })) hash.update(chunk);
  return hash.digest('hex');
}
