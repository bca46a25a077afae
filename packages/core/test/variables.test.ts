import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineKit, open, use } from '@seamkit/core';
import { findWorkspace } from '@seamkit/core/inspect';
import { chooseRuntime } from '../dist/test-process/choose-runtime';
import { CliProject } from './cli-project';
import { shelf } from './shelf/kit';

// Environment variables with values that they cannot have: said at once, before anything starts.

const before = { ...process.env };
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-variables-')));
  writeFileSync(join(folder, 'file'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

const wrong: [name: string, value: string, expected: RegExp][] = [
  ['SEAMKIT_LINGER', 'abc', /a whole number of ms, 0 to 2147483647/],
  ['SEAMKIT_LINGER', '-1', /a whole number of ms, 0 to/],
  ['SEAMKIT_LINGER', '99999999999', /a whole number of ms, 0 to/],
  ['SEAMKIT_START_TIMEOUT', 'abc', /a whole number of ms, 1 to/],
  ['SEAMKIT_START_TIMEOUT', '0', /a whole number of ms, 1 to/],
  ['SEAMKIT_START_TIMEOUT', '60s', /a whole number of ms, 1 to/],
  ['SEAMKIT_PREPARE_TIMEOUT', 'Infinity', /a whole number of ms, 1 to/],
  ['SEAMKIT_RESET_TIMEOUT', '0', /a whole number of ms, 1 to/],
  ['SEAMKIT_LOG', 'verbose', /one of 'silent', 'warn', 'info', 'debug'/],
  ['SEAMKIT_RUNTIME', 'docker', /one of 'container', 'process', 'external'/],
  ['SEAMKIT_REQUIRE', 'process,containers', /a list of container, process and external/],
  ['SEAMKIT_DOWNLOAD', 'false', /one of '0', '1'/],
  ['SEAMKIT_WORKSPACE', '/nowhere/at/all', /a folder that exists/],
  ['SEAMKIT_SAFE_DIRECTORIES', 'relative', /absolute paths/],
];

const refused = (name: string, value: string, expected: RegExp) =>
  expect.objectContaining({
    code: 'OPTION_INVALID',
    summary: `the environment variable ${name} is '${value}'`,
    hint: expect.stringMatching(expected),
  });

test.each(wrong)('%s=%s is refused by use() and open()', async (name, value, expected) => {
  process.env[name] = value;
  const error = refused(name, value, expected);
  expect(() => use({ it: shelf() })).toThrow(error);
  await expect(open({ it: shelf() })).rejects.toEqual(error);
});

test('a workspace that is a file is refused', () => {
  process.env.SEAMKIT_WORKSPACE = join(folder, 'file');
  expect(() => findWorkspace()).toThrow(
    refused('SEAMKIT_WORKSPACE', join(folder, 'file'), /a folder that exists/),
  );
});

test("a kit's own runtime is checked as the one for all", async () => {
  process.env.SEAMKIT_SHELF_RUNTIME = 'procces';
  const choice = chooseRuntime(shelf().kit as Parameters<typeof chooseRuntime>[0], {});
  await expect(choice).rejects.toEqual(
    refused('SEAMKIT_SHELF_RUNTIME', 'procces', /'container', 'process'/),
  );
});

test('every command refuses them, with exit code 2', async () => {
  const project = new CliProject(['@seamkit/core']);
  try {
    for (const command of ['doctor', 'ps', 'down', 'clean', 'url redis']) {
      const { code, stderr } = await project.seamkit(command, { SEAMKIT_LINGER: 'abc' });
      expect([code, stderr]).toEqual([2, expect.stringContaining("SEAMKIT_LINGER is 'abc'")]);
    }
  } finally {
    await project.remove();
  }
});

test('empty is the same as not set', async () => {
  const names = [...wrong.map(([name]) => name), 'SEAMKIT_RUN', 'SEAMKIT_CACHE'];
  for (const name of names) process.env[name] = '';
  for (const what of ['URL', 'IMAGE', 'BIN', 'RUNTIME']) process.env[`SEAMKIT_SHELF_${what}`] = '';
  process.env.SEAMKIT_WORKSPACE = folder;
  process.env.DOCKER_HOST = 'tcp://127.0.0.1:1'; // this kit has no image
  const boundary = shelf({ image: undefined });
  await using env = await open({ it: boundary });
  expect(new URL(env.it.url).hostname).toBe('127.0.0.1');
});

describe('an empty SEAMKIT_<KIT>_IMAGE', () => {
  test("leaves the kit's own image", async () => {
    process.env.SEAMKIT_PICTURE_IMAGE = '';
    const { rehearse } =
      require('../dist/runtime/rehearse') as typeof import('../dist/runtime/rehearse');
    const server = join(folder, 'server.js');
    writeFileSync(
      server,
      `exports.server = { container: (request, ctx) => ctx.start(request.image ?? 'own:1') };`,
    );
    const picture = defineKit({ ...(shelf().kit as any), name: 'picture', server });
    const kit = picture().kit as { name: string; server: string };
    expect(await rehearse(kit, 'container', () => {})).toMatchObject({ image: 'own:1' });
    process.env.SEAMKIT_PICTURE_IMAGE = 'mine:2';
    expect(await rehearse(kit, 'container', () => {})).toMatchObject({ image: 'mine:2' });
  });
});

describe('options', () => {
  const cyclic: Record<string, unknown> = { deep: [{}] };
  (cyclic.deep as object[]).push(cyclic);

  test.each(['key', 'url', 'container', 'nope'])('%s: what refers to itself is refused', (name) => {
    expect(() => shelf({ [name]: cyclic } as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.any(String) }),
    );
  });

  test.each([Infinity, Number.NaN, 2 ** 31, 10n])('startTimeout: %s is refused', (startTimeout) => {
    expect(() => shelf({ startTimeout } as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.stringMatching(/at most/) }),
    );
  });
});
