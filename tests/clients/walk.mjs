// Walks through a guide: takes the fenced blocks out of its Markdown and does in order what they say, in one shell, as a reader
// would. What a block is for stands behind its language, where no viewer shows it:
//
//   ```sh                  run; it must succeed
//   ```sh service          run until the walk is over; the walk goes on once it listens
//   ```text output         what the sh block before it printed; … stands for what differs from day to day
//   ```LANGUAGE NAME.EXT   saved under that name, for the blocks that follow
//   ```console, ```text    only shown: what can't be run here, such as the console of a cloud
//
// Anything else is a mistake in the guide.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { BIN, scratch } from './support.mjs';

const FENCE = /^ {0,3}```(.*)$/;
const FILE = /^(?:[\w-]+\.\w+|Caddyfile)$/;
const SHOWN = ['console', 'text'];
const PATIENCE = 120_000;

/** The fenced blocks of a document: `{ language, purpose, text, line }`. */
export function blocks(markdown) {
  const found = [];
  let open = null;
  markdown.split('\n').forEach((text, at) => {
    const fence = text.match(FENCE);
    if (open && fence && fence[1].trim() === '') {
      found.push({ ...open, text: open.lines.map((line) => `${line}\n`).join('') });
      open = null;
    } else if (open) {
      open.lines.push(text);
    } else if (fence) {
      const [language = '', purpose = ''] = fence[1].trim().split(/\s+/);
      open = { language, purpose, lines: [], line: at + 1 };
    }
  });
  assert.equal(open, null, `the block that begins in line ${open?.line} has no end`);
  return found;
}

/** The only blocks that are neither run nor compared nor saved. */
export const isShown = ({ language, purpose }) => SHOWN.includes(language) && purpose === '';

/** What is done with a block, or an error that names it. */
export function deed({ language, purpose, line }) {
  if (language === 'sh' && (purpose === '' || purpose === 'service')) return purpose || 'run';
  if (language === 'text' && purpose === 'output') return 'compare';
  if (FILE.test(purpose)) return 'save';
  if (isShown({ language, purpose })) return 'show';
  throw new Error(`line ${line}: \`\`\`${language} ${purpose} says neither how to run the block nor that it is only shown`);
}

/**
 * Whether `said` is what a guide shows: line by line, with … for anything in a line, and a line of … alone for any lines.
 * Blanks at the end of a line are nobody's concern.
 */
export function agrees(shown, said) {
  const lines = shown.trimEnd().split('\n').map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const pattern = lines.map((line) => (line === '…' ? '(?:.*\n)*' : `${line.replaceAll('…', '.*')}\n`)).join('');
  return new RegExp(`^${pattern}$`).test(`${said.trimEnd()}\n`.replace(/[ \t\r]+\n/g, '\n'));
}

/**
 * Walks through `markdown`. `table` has what a reader puts in place of a guide's examples, `typed` what a reader types when asked.
 * `before` is called with each block before it is done. Gives the folder in which it all happened, and the services, each of them
 * the leader of a process group of its own.
 */
export async function walk(t, markdown, { table = {}, typed = '', env = {}, before = () => {}, folder = scratch(t) } = {}) {
  const steps = blocks(markdown).map((block) => ({ ...block, deed: deed(block), text: replaced(block.text, table) }));
  const shell = new Shell(t, folder, { typed, env });
  const services = [];
  let said = '';
  for (const step of steps) {
    await before(step);
    if (step.deed === 'run') said = await shell.run(step);
    if (step.deed === 'service') services.push(await shell.serve(step));
    if (step.deed === 'save') writeFileSync(path.join(folder, step.purpose), step.text);
    if (step.deed === 'compare') assert.ok(agrees(step.text, said), `line ${step.line}: the guide shows\n${step.text}but it is\n${said}`);
  }
  return { folder, services };
}

function replaced(text, table) {
  return Object.entries(table).reduce((so, [example, real]) => so.replaceAll(example, real), text);
}

/** One bash for all blocks, so that variables last from one to the next. It ends at the first command that fails. */
class Shell {
  constructor(t, folder, { typed, env }) {
    const tools = scratch(t);
    mkdirSync(path.join(tools, 'bin'));
    symlinkSync(path.resolve(BIN), path.join(tools, 'bin', 'oncelink'));
    writeFileSync(path.join(tools, 'typed'), typed);
    // A reader's own settings would decide what happens, and so would this machine's.
    const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ONCELINK_|AWS_)/.test(name)));
    const options = { cwd: folder, detached: true, env: { ...clean, HOME: tools, PATH: `${tools}/bin:${process.env.PATH}`, ...env } };
    Object.assign(this, { t, tools, options, blocks: 0, said: '', complaints: '' });
    this.bash = this.spawn(['--noprofile', '--norc']);
    this.bash.stdout.setEncoding('utf8').on('data', (chunk) => (this.said += chunk) && this.look?.());
    this.bash.stderr.on('data', (chunk) => (this.complaints += chunk));
    this.bash.on('exit', () => this.look?.());
    this.bash.stdin.on('error', () => {}).write('set -euo pipefail\n');
  }

  spawn(args) {
    const child = spawn('bash', args, this.options);
    // With all that it has started.
    this.t.after(() => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nothing of it is left.
      }
    });
    return child;
  }

  /** What a block prints. */
  async run(step) {
    const mark = `\u0001${(this.blocks += 1)}\u0001`;
    const file = path.join(this.tools, `${this.blocks}.sh`);
    writeFileSync(file, step.text);
    Object.assign(this, { said: '', complaints: '' });
    this.bash.stdin.write(`. '${file}' <'${this.tools}/typed'; printf '%s' '${mark}'\n`);
    const done = new Promise((resolve) => {
      this.look = () => (this.said.includes(mark) || this.bash.exitCode !== null) && resolve();
      this.look();
    });
    await inTime(done, () => `line ${step.line}: takes too long:\n${step.text}${this.said}${this.complaints}`);
    if (!this.said.includes(mark)) throw new Error(`line ${step.line}: ended with ${this.bash.exitCode}:\n${step.text}${this.said}${this.complaints}`);
    return this.said.split(mark)[0];
  }

  /** Starts what a block says, and comes back when it listens. */
  async serve(step) {
    const child = this.spawn(['-c', step.text]);
    let log = '';
    const listening = new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => (log += chunk));
      child.stderr.on('data', (chunk) => (log += chunk).includes('listening on http://') && resolve());
      child.once('exit', (code) => reject(new Error(`line ${step.line}: ended with ${code}:\n${step.text}${log}`)));
    });
    await inTime(listening, () => `line ${step.line}: doesn't listen:\n${step.text}${log}`);
    return child;
  }
}

async function inTime(promise, complaint) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error(complaint())), PATIENCE)));
  await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
