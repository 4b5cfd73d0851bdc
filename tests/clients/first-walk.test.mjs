// The first walks of docs/first-walk.md, as a stranger goes them; prints how long each step took. Nothing is said about how long
// it may take: machines differ.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import { browse } from './browser.mjs';
import { Cloud } from './lambda.mjs';
import { BIN, freeAddress, noise, scratch, sha256File, start } from './support.mjs';

/** Tells the seconds since the step before. */
function stopwatch(t) {
  let last = performance.now();
  return (step) => {
    const now = performance.now();
    t.diagnostic(`${((now - last) / 1000).toFixed(2)} s  ${step}`);
    last = now;
  };
}

/** Waits until a program has written what is looked for, and gives that. */
function said(stream, wanted) {
  let text = '';
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk) => {
      text += chunk;
      const found = text.match(wanted);
      if (found) resolve(found[0]);
    });
    stream.on('end', () => reject(new Error(`never said ${wanted}: ${text}`)));
  });
}

test('a file of this machine: share it, and download it with curl', async (t) => {
  const [here, there] = [scratch(t), scratch(t)];
  writeFileSync(path.join(here, 'README.md'), noise(6000));
  const lap = stopwatch(t);
  const child = spawn(BIN, ['share', 'README.md'], { cwd: here });
  t.after(() => child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await said(child.stdout, /http:\S+(?=\s)/);
  lap('share prints the link');
  const done = await start('curl', ['-sSOJL', '--fail', '-d', '', url], { cwd: there });
  assert.equal(done.status, 0, done.stderr);
  lap('curl has the file');
  assert.equal(await ended, 0);
  lap('share has ended by itself');
  assert.equal(sha256File(path.join(there, 'README.md')), sha256File(path.join(here, 'README.md')));
});

test("a bucket owner's first link, from the console", async (t) => {
  const cloud = await Cloud.start();
  t.after(() => cloud.stop());
  mkdirSync(path.join(cloud.folder, 'outgoing', 'reports'), { recursive: true });
  const report = await cloud.put('outgoing/reports/Q3.pdf', 12_000_000);
  const { ONCELINK_TEST_S3_ENDPOINT: endpoint, ONCELINK_TEST_S3_BUCKET: bucket, ...keys } = cloud.settings;
  const [cwd, address] = [scratch(t), await freeAddress()];
  const told = [`s3://${bucket}/outgoing?endpoint=${endpoint}&path_style=true`, '--listen', address];
  const options = { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...keys } };
  const [page, recipient] = [await browse(t), await browse(t)];

  const lap = stopwatch(t);
  const doctor = await start(BIN, ['doctor', ...told], options);
  assert.equal(doctor.status, 0, doctor.stdout);
  lap('doctor finds nothing to mend');
  const child = spawn(BIN, ['serve', ...told], options);
  t.after(() => child.kill('SIGKILL'));
  await said(child.stderr, /listening on/);
  lap('serve listens');
  await page.goto(`http://${address}/console`);
  lap('the console is there');
  await page.getByLabel('API key').fill(readFileSync(path.join(cwd, 'oncelink-data', 'api-key'), 'utf8').trim());
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Files', exact: true }).click();
  await page.getByRole('link', { name: 'reports' }).waitFor();
  lap('signed in, and looking at the bucket');
  await page.getByRole('link', { name: 'reports' }).click();
  await page.getByRole('link', { name: 'Q3.pdf' }).click();
  await page.getByRole('button', { name: 'Create link' }).click();
  const url = await page.getByLabel('Address of the link').inputValue();
  lap('the first link, by three clicks from there');
  await recipient.goto(url);
  const [download] = await Promise.all([recipient.waitForEvent('download'), recipient.getByRole('button').click()]);
  assert.equal(sha256File(await download.path()), report.sha256);
  lap('its recipient has the 12 MB');
  await page.getByRole('link', { name: 'Watch it' }).click();
  await page.getByText('Completed: the whole file has arrived').waitFor();
  lap('the sender sees that');
});
