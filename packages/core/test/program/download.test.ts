import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ProgramSpec } from '@seamkit/core';
import { describeUnless } from '@seamkit/test-run';
import { findProgram } from '../../dist/program/find';
import { type Mirror, startMirror } from './mirror';

const child = join(__dirname, 'child.js');
const debian = existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');

jest.setTimeout(180_000);

const spec: ProgramSpec = {
  command: 'greeter',
  debian: [{ packages: ['greeter'], path: 'usr/bin/greeter' }],
  install: { linux: 'apt-get install greeter' },
};

/** Well-formed, by a key that no machine has. */
const strangersSignature = `-----BEGIN PGP SIGNATURE-----

iHUEABYIAB0WIQQ2IqAwvNPlXgl0P6eKhWfWgWPUOQUCawFLgAAKCRCKhWfWgWPU
OYK8AQD7dLuhNzFcoY/+1UCQtA77dNGTutizSVkWvyU+D0zzUgD/TUKhtkTVm9NV
rTfu/04Cv8YjfhDicK7E5UyYWaqPlw8=
=37XB
-----END PGP SIGNATURE-----
`;

describeUnless(!debian && 'downloads need apt and dpkg')('a program from packages', () => {
  let mirror: Mirror;
  let cache: string;

  beforeEach(async () => {
    mirror = await startMirror();
    // 0755: a server of root's runs as somebody else.
    cache = mkdtempSync(join(tmpdir(), 'seamkit-cache-'));
    execFileSync('chmod', ['755', cache]);
  });
  afterEach(async () => {
    await mirror.close();
    // What a killed process had started may still write there.
    rmSync(cache, { recursive: true, maxRetries: 10 });
  });

  const where = (env: Record<string, string> = {}) => ({
    kit: 'greeter',
    path: process.env.PATH!,
    from: cache,
    system: mirror.system,
    env: { SEAMKIT_CACHE: cache, ...env },
  });
  const find = (version?: string, env?: Record<string, string>) =>
    findProgram(
      { ...spec, version },
      {
        ...where(env),
        step: (_title, work) => work(() => {}, new AbortController().signal),
        log: () => {},
      },
    );
  const roots = () =>
    existsSync(join(cache, 'debian'))
      ? readdirSync(join(cache, 'debian')).flatMap((suite) =>
          readdirSync(join(cache, 'debian', suite)),
        )
      : [];
  const downloads = () => mirror.requests.filter((path) => path.endsWith('.deb'));

  test('a rehearsal tells what would be downloaded, and downloads nothing', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5.1' }]);
    const step = (_title: string, work: any) => work(() => {}, new AbortController().signal);
    const rehearsal = findProgram(spec, { ...where(), step, log: () => {}, rehearsal: true });
    await expect(rehearsal).rejects.toThrow(
      /^greeter 2\.5\.1 from debian bookworm \(1 packages, .* MB\)$/,
    );
    expect([downloads(), roots()]).toEqual([[], []]);
  });

  test('runs from the cache, open to every user, its links inside', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '1:2.5.1-3+b2' }]);
    const program = await find();
    expect(program).toMatchObject({ version: '2.5.1', source: 'debian bookworm' });
    expect(execFileSync(program.path, { encoding: 'utf8' })).toContain('2.5.1');
    expect(statSync(program.path).mode & 0o777).toBe(0o755);
    expect(readlinkSync(`${program.path}-link`)).toBe('greeter');
    expect(program.sibling('payload').path).toBe(join(dirname(program.path), 'payload'));
  });

  test('is fetched once, and then found without the mirror', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    const first = await find();
    const count = mirror.requests.length;
    expect((await find()).path).toBe(first.path);
    expect((await find('2', { SEAMKIT_DOWNLOAD: '0' })).path).toBe(first.path);
    expect(mirror.requests).toHaveLength(count);
  });

  test('of another suite where the own one lacks the version', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    mirror.publish('trixie', [{ name: 'greeter', version: '3.0' }]);
    expect(await find('3')).toMatchObject({ version: '3.0', source: 'debian trixie' });
    // What one test asked for does not change what another gets.
    expect(await find()).toMatchObject({ version: '2.5', source: 'debian bookworm' });
    expect(await find()).toMatchObject({ version: '2.5', source: 'debian bookworm' });
  });

  test('of no suite: says which versions there are', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    mirror.publish('sid', [{ name: 'greeter', version: '4.20' }]);
    await expect(find('4.2')).rejects.toMatchObject({
      code: 'VERSION_UNAVAILABLE',
      summary: expect.stringContaining('2.5 (debian bookworm), 4.20 (debian sid)'),
      hint: expect.stringContaining('SEAMKIT_GREETER_URL'),
    });
  });

  test('is not fetched where that is forbidden', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    await expect(find(undefined, { SEAMKIT_DOWNLOAD: '0' })).rejects.toMatchObject({
      code: 'BINARY_NOT_FOUND',
      tried: expect.arrayContaining([expect.stringContaining('SEAMKIT_DOWNLOAD=0')]),
      hint: expect.stringContaining('apt-get install greeter'),
    });
    expect(mirror.requests).toEqual([]);
  });

  test('with a wrong checksum is refused, and nothing stays', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5', sha256: '0'.repeat(64) }]);
    await expect(find()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      log: expect.arrayContaining([expect.stringMatching(/hash sum mismatch/i)]),
    });
    expect(roots()).toEqual([]);
  });

  test('that is not what the lists say is refused, be it of the same size', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    mirror.tamper('/debian/pool/greeter_2.5_all.deb');
    await expect(find()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      log: expect.arrayContaining([expect.stringMatching(/hash sum mismatch/i)]),
    });
    expect(roots()).toEqual([]);
  });

  test('by lists that are not what the release says is not fetched', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    mirror.tamper(mirror.lists('bookworm'));
    await expect(find()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      log: expect.arrayContaining([expect.stringMatching(/hash sum mismatch/i)]),
    });
    expect(downloads()).toEqual([]);
  });

  test.each([
    ['that nobody signed', undefined, /keyring/],
    ['whose signature is none', 'not a signature', /mirror/],
    ['that somebody else signed', strangersSignature, /keyring/],
  ])('from an archive %s is not fetched', async (_, signature, hint) => {
    mirror.distrust();
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    if (signature) mirror.sign('bookworm', signature);
    await expect(find()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      log: expect.arrayContaining([expect.stringMatching(/signed|signature/i)]),
      hint: expect.stringMatching(hint),
    });
    expect(mirror.requests).toContain('/debian/dists/bookworm/InRelease');
    expect(downloads()).toEqual([]);
    expect(roots()).toEqual([]);
  });

  test('from a mirror that is down', async () => {
    writeFileSync(
      join(mirror.system, 'etc/apt/sources.list'),
      'deb [trusted=yes] http://127.0.0.1:1/debian bookworm main\n',
    );
    await expect(find()).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      log: expect.arrayContaining([expect.stringContaining('127.0.0.1:1')]),
      hint: expect.stringContaining('SEAMKIT_GREETER_URL'),
    });
    expect(roots()).toEqual([]);
    expect(
      readdirSync(join(cache, 'apt')).flatMap((name) => readdirSync(join(cache, 'apt', name))),
    ).toEqual([]);
  });

  test('that the archive has replaced since its lists were read', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    await expect(find('9')).rejects.toMatchObject({ code: 'VERSION_UNAVAILABLE' });
    ageLists(cache);
    mirror.forget('/debian/pool/greeter_2.5_all.deb');
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.6' }]);
    expect(await find()).toMatchObject({ version: '2.6' });
  });

  test('that does not fit on the disk is not begun', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5', size: 1e15 }]);
    await expect(find()).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      hint: expect.stringContaining('SEAMKIT_CACHE'),
    });
    expect(downloads()).toEqual([]);
  });

  test('in a cache that cannot be written', async () => {
    writeFileSync(join(cache, 'file'), '');
    await expect(
      find(undefined, { SEAMKIT_CACHE: join(cache, 'file/cache') }),
    ).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      hint: expect.stringContaining('SEAMKIT_CACHE'),
    });
  });

  test('asked for by three processes at once is fetched once', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    const ask = JSON.stringify({ spec, where: where() });
    const answers = await Promise.all(
      [1, 2, 3].map(() => promisify(execFile)(process.execPath, [child, ask])),
    );
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1);
    expect(downloads()).toHaveLength(1);
  });

  test('whose download was killed half-way is fetched anew', async () => {
    mirror.publish('bookworm', [{ name: 'greeter', version: '2.5' }]);
    const stall = mirror.stall();
    const killed = spawn(process.execPath, [child, JSON.stringify({ spec, where: where() })]);
    await stall.reached;
    expect(roots()).toHaveLength(2); // the lock, and what is aside
    killed.kill('SIGKILL');
    await once(killed, 'close');
    stall.release();
    await expect(find(undefined, { SEAMKIT_DOWNLOAD: '0' })).rejects.toMatchObject({
      code: 'BINARY_NOT_FOUND',
    });
    const { path } = await find();
    expect(execFileSync(path, { encoding: 'utf8' })).toContain('2.5');
    expect(roots()).toHaveLength(1);
  });
});

/** As if they had been read two minutes ago. */
function ageLists(cache: string): void {
  for (const suite of readdirSync(join(cache, 'apt'))) {
    for (const name of readdirSync(join(cache, 'apt', suite))) {
      const folder = join(cache, 'apt', suite);
      execFileSync('mv', [join(folder, name), join(folder, String(Number(name) - 120_000))]);
    }
  }
}
