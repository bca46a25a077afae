import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ProgramSpec } from '@seamkit/core';
import { testUnless } from '@seamkit/test-run';
import { cacheFolder, once } from '../../dist/program/cache-folder';
import { findProgram } from '../../dist/program/find';

// Nothing on any machine is called so.
const command = 'seamkit-greeter';
const spec: ProgramSpec = { command, install: { [process.platform]: 'brew install greeter' } };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-find-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program below the test's folder that prints this. */
function program(path: string, output: string, mode = 0o755): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${output}"\n`);
  chmodSync(file, mode);
  return file;
}

function find(wanted: Partial<ProgramSpec>, env: Record<string, string> = {}) {
  return findProgram(
    { ...spec, ...wanted },
    {
      kit: 'my-greeter',
      path: `${join(folder, 'bin')}:/usr/bin:/bin`,
      from: join(folder, 'project/deep'),
      env: { SEAMKIT_CACHE: join(folder, 'cache'), ...env },
      step: (_title, work) => work(() => {}, new AbortController().signal),
      log: () => {},
    },
  );
}

test.each([
  ['Redis server v=7.0.15 sha=00000000:0 bits=64', '7.0.15'],
  ['postgres (PostgreSQL) 17.10 (Debian 17.10-1)', '17.10'],
  ['nats-server: v2.9.10', '2.9.10'],
  ['k8s thing 18', '8'],
])('reads the version from %s', async (output, version) => {
  program(`bin/${command}`, output);
  expect(await find({})).toMatchObject({ version, source: 'PATH' });
});

test('takes the first of the wanted version: PATH, then folders with the newest first', async () => {
  program(`bin/${command}`, 'v7.20.0');
  program(`opt/greeter-7.2.9/${command}`, 'v7.2.9');
  const newest = program(`opt/greeter-7.2.10/${command}`, 'v7.2.10');
  const folders = [join(folder, 'opt/greeter-*')];
  expect(await find({ folders })).toMatchObject({ version: '7.20.0' });
  expect(await find({ folders, version: '7.2' })).toMatchObject({ path: newest });
  expect(await find({ folders, version: '7.2.9' })).toMatchObject({ version: '7.2.9' });
});

test('reads the version from the path where nothing prints it', async () => {
  program(`bin/${command}`, 'would start the server');
  const path = program(`lib/greeter_server-3.10.8/sbin/${command}`, 'would start the server');
  const folders = [join(folder, 'lib/greeter_server-*/sbin')];
  expect(await find({ folders, versionArgs: [] })).toMatchObject({ path, version: '3.10.8' });
});

test('says what it tried, and which versions there are', async () => {
  program(`bin/${command}`, 'v7.2.1');
  const broken = program(`opt/${command}`, 'no number');
  await expect(find({ folders: [join(folder, 'opt')], version: '8' })).rejects.toMatchObject({
    code: 'VERSION_UNAVAILABLE',
    summary: expect.stringContaining('7.2.1 (PATH)'),
    tried: expect.arrayContaining([
      `${join(folder, 'bin', command)}: version 7.2.1`,
      `${broken}: --version prints no version`,
    ]),
  });
});

test('names the ways out where there is none', async () => {
  await expect(
    find({ npm: [{ package: 'greeter-bin', path: 'bin/greeter' }] }),
  ).rejects.toMatchObject({
    code: 'BINARY_NOT_FOUND',
    tried: [expect.stringContaining(command), 'npm greeter-bin: not installed'],
    hint: 'install it: brew install greeter; or start Docker; or set SEAMKIT_MY_GREETER_URL to a server that runs already',
  });
});

test('an explicit place is forced: a file, a folder, and nothing else', async () => {
  program(`bin/${command}`, 'v1.0');
  const file = program('elsewhere/bin/other-name', 'v2.0');
  const named = program(`elsewhere/bin/${command}`, 'v3.0');
  const at = (place: string) => ({ SEAMKIT_MY_GREETER_BIN: place });
  expect(await find({}, at(file))).toMatchObject({ path: file, version: '2.0' });
  expect(await find({}, at(join(folder, 'elsewhere')))).toMatchObject({ path: named });
  await expect(find({ version: '1' }, at(file))).rejects.toMatchObject({
    code: 'VERSION_UNAVAILABLE',
    hint: expect.stringContaining('SEAMKIT_MY_GREETER_BIN'),
  });
  await expect(find({}, at(join(folder, 'nowhere')))).rejects.toMatchObject({
    code: 'BINARY_NOT_FOUND',
  });
});

const isRoot = process.getuid?.() === 0;

/** Makes what a cache is in, or the cache itself where it has no `/`. */
const unsafe: [what: string, cache: string, make: (path: string) => void][] = [
  ['its group may write to it', 'cache', (path) => [mkdirSync(path), chmodSync(path, 0o775)]],
  ['others may exchange it', 'parent/cache', (path) => [mkdirSync(path), chmodSync(path, 0o777)]],
];
const strangers: typeof unsafe = [
  ['it lies in a stranger’s folder', 'parent/cache', (path) => [mkdirSync(path), give(path)]],
  [
    'it lies behind a stranger’s link',
    'parent/cache',
    (path) => [mkdirSync(`${path}-of-ours`), symlinkSync(`${path}-of-ours`, path), give(path)],
  ],
];

test.each(unsafe)('nor is a cache accepted where %s', refused);
testUnless(!isRoot && 'only root can play a stranger').each(strangers)(
  'nor is a cache accepted where %s',
  refused,
);

function refused(_what: string, cache: string, make: (path: string) => void): void {
  const wrong = join(folder, cache.split('/')[0]!);
  make(wrong);
  expect(() => cacheFolder({ SEAMKIT_CACHE: join(folder, cache) })).toThrow(
    expect.objectContaining({
      code: 'FOLDER_UNUSABLE',
      summary: expect.stringContaining(wrong),
      hint: expect.stringMatching(/: (chmod go-w|chown -h 0|rm) '?\/.+;/),
    }),
  );
}

/** To a user that is nobody here. */
function give(path: string): void {
  lchownSync(path, 12345, 12345);
}

test('nor a folder in it that others could have changed', async () => {
  const env = { SEAMKIT_CACHE: join(folder, 'cache') };
  const made = await once('key', 'making it', async () => {}, env);
  expect(await once('key', 'making it', async () => {}, env)).toBe(made);
  chmodSync(made, 0o775);
  await expect(once('key', 'making it', async () => {}, env)).rejects.toMatchObject({
    code: 'FOLDER_UNUSABLE',
    hint: expect.stringContaining(`rm -r ${made}`),
  });
});

test('nor is a cache accepted that others may write to, or that is theirs', async () => {
  const made: [string, (path: string) => void][] = [['open', (path) => chmodSync(path, 0o777)]];
  if (process.getuid?.() === 0) made.push(['theirs', (path) => chownSync(path, 1234, 1234)]);
  for (const [name, change] of made) {
    const cache = join(folder, name);
    mkdirSync(cache);
    change(cache);
    expect(() => cacheFolder({ SEAMKIT_CACHE: cache })).toThrow(
      expect.objectContaining({ code: 'FOLDER_UNUSABLE', hint: expect.any(String) }),
    );
  }
});

describe('an npm package', () => {
  const npm = [{ package: '@greeter/linux', path: 'native/bin/greeter', links: 'links.json' }];
  const installed = 'project/node_modules/@greeter/linux';

  beforeEach(() => {
    program(`${installed}/native/bin/greeter`, 'v5.0.1');
    writeFileSync(join(folder, installed, 'native/libgreet.so.5'), 'library');
    writeFileSync(join(folder, installed, 'package.json'), '{ "version": "5.0.0" }');
  });

  test('is found from the project upwards', async () => {
    expect(await find({ npm })).toMatchObject({
      path: join(folder, installed, 'native/bin/greeter'),
      version: '5.0.1',
      source: 'npm @greeter/linux',
    });
  });

  test('whose links are missing is copied, and itself left alone', async () => {
    writeFileSync(
      join(folder, installed, 'links.json'),
      '[{ "source": "native/libgreet.so.5", "target": "native/lib/libgreet.so" }]',
    );
    const { path } = await find({ npm });
    const copy = path.replace('/native/bin/greeter', '');
    expect(copy.startsWith(join(folder, 'cache'))).toBe(true);
    expect(readFileSync(join(copy, 'native/lib/libgreet.so'), 'utf8')).toBe('library');
    expect(() => readFileSync(join(folder, installed, 'native/lib/libgreet.so'))).toThrow('ENOENT');
    expect((await find({ npm })).path).toBe(path);
  });

  const asRoot = testUnless(!isRoot && 'only root has servers that run as another user');

  asRoot('that the servers of root cannot reach is copied to where they can', async () => {
    chmodSync(join(folder, 'project'), 0o700);
    const { path } = await find({ npm });
    expect(path.startsWith(join(folder, 'cache'))).toBe(true);
  });

  asRoot('and a program on PATH that they cannot reach is passed over', async () => {
    program(`bin/${command}`, 'v1.0');
    chmodSync(join(folder, 'bin'), 0o700);
    await expect(find({})).rejects.toMatchObject({
      code: 'BINARY_NOT_FOUND',
      tried: expect.arrayContaining([expect.stringContaining(`cannot enter ${folder}/bin`)]),
    });
  });

  asRoot('nor is a cache accepted that they cannot enter', async () => {
    mkdirSync(join(folder, 'closed'), { mode: 0o700 });
    chmodSync(join(folder, 'project'), 0o700);
    await expect(
      find({ npm }, { SEAMKIT_CACHE: join(folder, 'closed/cache') }),
    ).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
  });
});
