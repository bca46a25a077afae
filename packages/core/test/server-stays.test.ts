import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { caller, shelf } from './shelf/kit';
import { until } from './until';
import { emptyWorkspace } from './workspace';

// Clients that a file left open must not lose their server while their process lives: that process
// would end with an error of theirs, after all its tests have passed.

emptyWorkspace();
beforeAll(() => {
  process.env.SEAMKIT_LINGER = '0';
});
afterAll(() => {
  delete process.env.SEAMKIT_LINGER;
});

const status = () => keeperStatus(process.env.SEAMKIT_WORKSPACE!);

test('a server ends with the last process that used it', async () => {
  const script = `
    const { open } = require('@seamkit/core');
    const { shelf } = require(${JSON.stringify(require.resolve('./shelf/kit'))});
    open({ it: shelf() }).then((env) => env.close());`;
  await promisify(execFile)(process.execPath, ['-e', script], { cwd: __dirname });
  await until(async () => (await status()) === undefined, 'the keeper to end');
});

test('a server stays while a process that used it lives, though its sandboxes are given back', async () => {
  const env = await open({ it: shelf() });
  const server = new URL(env.it.url);
  server.pathname = '/';
  await env.close();
  await until(async () => (await status())?.sessions === 0, 'the session to end');
  for (let round = 1; round <= 20; round++) await caller(server.href)('GET', '/');
});
