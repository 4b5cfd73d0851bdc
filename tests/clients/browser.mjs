// Chromium for the browser tests.

import { chromium } from 'playwright-core';

import { existsSync } from 'node:fs';

const EXECUTABLE = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((file) => existsSync(file));
const QUIET = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A page in a browser of its own. Nothing it loads may come from anywhere but this machine: that would fail. */
export async function browse(t, options = {}) {
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', ...QUIET] });
  t.after(() => browser.close());
  const context = await browser.newContext({ acceptDownloads: true, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.problems = [];
  page.foreign = [];
  context.on('request', (request) => /^((blob:)?http:\/\/127(\.\d+){3}[:/]|data:)/.test(request.url()) || page.foreign.push(request.url()));
  page.on('pageerror', (error) => page.problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  return page;
}
