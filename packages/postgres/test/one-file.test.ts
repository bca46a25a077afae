import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type OpenServer, openServer } from '@seamkit/core/inspect';
import { postgres } from '@seamkit/postgres';

// One test file, unchanged, under each runner and on each runtime that this machine has.

const folder = join(__dirname, 'one-file');
const file = join(folder, 'notes.test.js');
const runners: Record<string, { args: string[]; passed: RegExp }> = {
  jest: {
    args: [
      require.resolve('jest/bin/jest'),
      '--rootDir',
      folder,
      '--config',
      '{"transform":{},"testTimeout":60000}',
    ],
    passed: /Tests:\s+2 passed/,
  },
  vitest: {
    args: [
      join(require.resolve('vitest/package.json'), '../vitest.mjs'),
      'run',
      '--globals',
      '--testTimeout',
      '60000',
      '--root',
      folder,
    ],
    passed: /Tests\s+2 passed/,
  },
  'node:test': { args: ['--test', file], passed: /pass 2\n/ },
};

let external: OpenServer;

beforeAll(async () => {
  external = await openServer(postgres({ runtime: 'process' }));
});

afterAll(() => external.close());

function run(
  args: string[],
  variables: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const { JEST_WORKER_ID: _, NODE_ENV: __, FORCE_COLOR: ___, ...inherited } = process.env;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...inherited, NO_COLOR: '1', ...variables },
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.once('close', (code) => resolve({ code, output }));
  });
}

const required = (process.env.SEAMKIT_REQUIRE ?? '').split(',');

describe.each(['process', 'container', 'external'])('on %s', (runtime) => {
  test.each(Object.keys(runners))(
    'under %s',
    async (name) => {
      const { args, passed } = runners[name]!;
      const { code, output } = await run(args, {
        SEAMKIT_RUNTIME: runtime,
        ...(runtime === 'external' && { SEAMKIT_POSTGRES_URL: external.endpoint.url }),
      });
      if (
        runtime === 'container' &&
        !required.includes('container') &&
        /RUNTIME_UNAVAILABLE|DOWNLOAD_FAILED/.test(output)
      ) {
        console.info(`not tried: containers under ${name}: none to be had on this machine`);
        return;
      }
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(passed) });
    },
    120_000,
  );
});
