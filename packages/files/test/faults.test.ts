import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { use } from '@seamkit/core';
import { files } from '@seamkit/files';
import { build, operations, outcomes } from './operations.cjs';

const env = use({ it: files({ prepare: build }) });
const at = (name: string) => join(env.it.path, name);
const isRoot = process.geteuid?.() === 0;
const script = require.resolve('./operations.cjs');
const untouched = { ...fs };

type Outcomes = Record<string, unknown>;

/** Each operation on a folder as new, since some of them change it. */
async function underFault(arrange: () => void, names = Object.keys(operations)): Promise<Outcomes> {
  const found: Outcomes = {};
  for (const name of names) {
    const folder = env.it.path;
    arrange();
    Object.assign(found, JSON.parse(JSON.stringify(await outcomes(folder, [name]))));
    env.it.heal();
    for (const entry of fs.readdirSync(folder)) fs.rmSync(join(folder, entry), { recursive: true });
    build(folder);
  }
  return found;
}

/** The same, where the kernel refuses: `run` starts the script with a folder for each operation. */
function underKernel(run: (parent: string) => string, arrange = (_folder: string) => {}): Outcomes {
  const parent = fs.mkdtempSync(join(tmpdir(), 'kernel-'));
  fs.chmodSync(parent, 0o755);
  try {
    for (const name of Object.keys(operations)) {
      const folder = join(parent, name);
      fs.mkdirSync(folder);
      build(folder);
      arrange(folder);
    }
    if (isRoot) execFileSync('chown', ['-R', '65534:65534', parent]);
    return JSON.parse(run(parent));
  } finally {
    execFileSync('chmod', ['-R', 'u+rwX', parent]);
    fs.rmSync(parent, { recursive: true });
  }
}

/** As somebody whom modes stop, who owns the folder. */
const asOwner = (parent: string): string =>
  execFileSync(process.execPath, [script, parent], {
    ...(isRoot && { uid: 65534, gid: 65534 }),
    encoding: 'utf8',
    cwd: '/',
  });

function canRunAsOwner(): boolean {
  const parent = fs.mkdtempSync(join(tmpdir(), 'kernel-'));
  fs.chmodSync(parent, 0o755);
  try {
    return asOwner(parent) === '{}';
  } catch {
    return false;
  } finally {
    fs.rmdirSync(parent);
  }
}
const modesStopSomebody = canRunAsOwner();
if (!modesStopSomebody) {
  console.log('denied: not compared with the kernel, since nobody else may read this checkout');
}

describe('errors are those of the kernel', () => {
  test.each<[string, 'all' | 'write', number]>([
    ['file', 'all', 0],
    ['file', 'write', 0o444],
    ['folder', 'all', 0],
    ['folder', 'write', 0o555],
  ])('denied: %s, %s', async (name, access, mode) => {
    const ours = await underFault(() => env.it.deny(name, access));
    expect(Object.values(ours)).toContainEqual(expect.objectContaining({ code: 'EACCES' }));
    if (!modesStopSomebody) return;
    expect(ours).toEqual(underKernel(asOwner, (folder) => fs.chmodSync(join(folder, name), mode)));
  });

  test('read-only', async () => {
    const ours = await underFault(() => env.it.readOnly());
    expect(Object.values(ours)).toContainEqual(expect.objectContaining({ code: 'EROFS' }));
    const mounted =
      'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && exec "$2" "$3" "$1"';
    try {
      execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    } catch {
      console.log('read-only: not compared with the kernel, since nothing can be mounted here');
      return;
    }
    const kernel = underKernel((parent) =>
      execFileSync('unshare', ['-m', 'sh', '-c', mounted, 'sh', parent, process.execPath, script], {
        encoding: 'utf8',
      }),
    );
    expect(ours).toEqual(kernel);
  });

  test('disk full', async () => {
    env.it.full();
    const error = (work: () => unknown) => {
      try {
        work();
      } catch (reason) {
        const { code, errno, syscall, message, path } = reason as NodeJS.ErrnoException;
        return { code, errno, syscall, message, path };
      }
      return 'ok';
    };
    const ours = error(() => fs.writeFileSync(at('file'), 'x'));
    expect(ours).toMatchObject({ code: 'ENOSPC' });
    if (fs.existsSync('/dev/full')) {
      expect(ours).toEqual(error(() => fs.writeFileSync('/dev/full', 'x')));
    }
  });

  test('too many open files', async () => {
    const names = ['readFile sync', 'readFile promise', 'open a handle', 'readdir', 'opendir'];
    const ours = await underFault(() => env.it.tooManyOpen(), names);
    expect(ours['readFile sync']).toMatchObject({ code: 'EMFILE' });
    const exhaust = `
      const fs = require('node:fs');
      const { outcomes } = require(${JSON.stringify(script)});
      fs.readlinkSync(process.argv[1] + '/link');
      require('node:stream/promises');
      const show = (found) => { for (const fd of open) fs.closeSync(fd); console.log(JSON.stringify(found)); };
      const open = [];
      try { for (;;) open.push(fs.openSync('/dev/null')); } catch {}
      outcomes(process.argv[1], ${JSON.stringify(names)}).then(show);`;
    const folder = fs.mkdtempSync(join(tmpdir(), 'kernel-'));
    build(folder);
    const shell = ['-c', 'ulimit -n 64; exec "$0" -e "$1" "$2"', process.execPath, exhaust, folder];
    const kernel = JSON.parse(execFileSync('sh', shell, { encoding: 'utf8' }));
    fs.rmSync(folder, { recursive: true });
    expect(ours).toEqual(kernel);
  });
});

describe('disk full', () => {
  const full = expect.objectContaining({ code: 'ENOSPC', syscall: 'write' });

  test('in the middle of a stream', async () => {
    env.it.full(10);
    const stream = fs.createWriteStream(at('stream'));
    const failed = new Promise((resolve) => stream.once('error', resolve));
    stream.end('0123456789abcdef');
    expect(await failed).toEqual(full);
    expect(fs.readFileSync(at('stream'), 'utf8')).toBe('0123456789');
  });

  test('what fitted is written', async () => {
    env.it.full(5);
    await expect(writeFile(at('a'), '1234567')).rejects.toEqual(full);
    expect(await readFile(at('a'), 'utf8')).toBe('12345');
    expect(() => fs.writeFileSync(at('file'), 'more')).toThrow(full);
    expect(fs.readFileSync(at('file'), 'utf8')).toBe(''); // as disks do: truncated, then refused
  });

  test('what is written counts once, in every style', async () => {
    env.it.full(6);
    fs.writeFileSync(at('a'), 'ab');
    await new Promise((resolve) => fs.writeFile(at('a'), 'cd', resolve));
    await new Promise((resolve) => fs.appendFile(at('a'), 'ef', resolve));
    expect(fs.readFileSync(at('a'), 'utf8')).toBe('cdef');
    expect(() => fs.appendFileSync(at('a'), 'g')).toThrow(full);
    // A callback's own calls meet faults as any other.
    const inside = new Promise((resolve, reject) => {
      fs.readFile(at('a'), () =>
        fs.writeFile(at('b'), 'h', (error) => (error ? reject(error) : resolve(1))),
      );
    });
    await expect(inside).rejects.toEqual(full);
  });

  test('a write call is short first, and fails next', () => {
    env.it.full(3);
    const descriptor = fs.openSync(at('a'), 'w');
    expect(fs.writeSync(descriptor, 'ab')).toBe(2);
    expect(fs.writeSync(descriptor, Buffer.from('xcdx'), 1, 2)).toBe(1);
    expect(() => fs.writeSync(descriptor, 'e')).toThrow(full);
    fs.closeSync(descriptor);
    expect(fs.readFileSync(at('a'), 'utf8')).toBe('abc');
  });

  test('streams, handles and vectors', async () => {
    env.it.full(70_000);
    const source = Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(10_000)));
    await expect(pipeline(source, fs.createWriteStream(at('stream')))).rejects.toEqual(full);
    expect(fs.statSync(at('stream')).size).toBe(70_000);
    env.it.full(4);
    const handle = await fs.promises.open(at('handle'), 'w');
    expect((await handle.writev([Buffer.from('abc'), Buffer.from('def')])).bytesWritten).toBe(4);
    await expect(handle.write('g')).rejects.toEqual(full);
    await expect(handle.writeFile('gh')).rejects.toEqual(full);
    await handle.close();
    env.it.full(2);
    await expect(writeFile(at('parts'), Readable.from(['a', 'b', 'c']))).rejects.toEqual(full);
    expect(fs.readFileSync(at('parts'), 'utf8')).toBe('ab');
  });

  test('a file that was open before, and a copy', () => {
    const descriptor = fs.openSync(at('a'), 'w');
    env.it.full(2);
    if (process.platform === 'linux') expect(fs.writeSync(descriptor, 'abc')).toBe(2);
    fs.closeSync(descriptor);
    env.it.full(2);
    expect(() => fs.copyFileSync(at('file'), at('copy'))).toThrow(
      expect.objectContaining({ code: 'ENOSPC', syscall: 'copyfile' }),
    );
    expect(fs.existsSync(at('copy'))).toBe(false);
  });
});

test('too many open files: those that are closed make room', async () => {
  env.it.tooManyOpen(2);
  const first = fs.openSync(at('file'), 'r');
  const second = await fs.promises.open(at('file'), 'r');
  await expect(readFile(at('file'))).rejects.toMatchObject({ code: 'EMFILE' });
  fs.closeSync(first);
  expect(await readFile(at('file'), 'utf8')).toBe('text');
  await second.close();
});

test('slow: all styles wait their time, and do their work', async () => {
  env.it.slow(20);
  const timed = async (work: () => unknown) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const times = [
    await timed(() => fs.readFileSync(at('file'))),
    await timed(() => readFile(at('file'))),
    await timed(() => new Promise((resolve) => fs.readFile(at('file'), resolve))),
  ];
  for (const time of times) expect(time).toBeGreaterThanOrEqual(19);
  expect(await readFile(at('file'), 'utf8')).toBe('text');
});

test('any other code, for some files or all', async () => {
  env.it.fail('EIO', 'file');
  await expect(readFile(at('file'))).rejects.toMatchObject({
    code: 'EIO',
    message: `EIO: i/o error, open '${at('file')}'`,
  });
  expect(await readFile(at('folder/inner'), 'utf8')).toBe('text');
  env.it.fail('EBUSY');
  expect(() => fs.rmSync(at('folder'), { recursive: true })).toThrow(
    expect.objectContaining({ code: 'EBUSY', syscall: 'rmdir' }),
  );
});

test('a read that fails half-way', () => {
  const descriptor = fs.openSync(at('file'), 'r');
  fs.readSync(descriptor, Buffer.alloc(2));
  env.it.fail('EIO', 'file');
  if (process.platform === 'linux') {
    expect(() => fs.readSync(descriptor, Buffer.alloc(2))).toThrow(
      expect.objectContaining({ code: 'EIO', syscall: 'read' }),
    );
  }
  fs.closeSync(descriptor);
});

describe('faults keep to themselves', () => {
  test("the kit's own functions meet none", () => {
    env.it.readOnly();
    env.it.full();
    env.it.deny('file');
    env.it.fail('EIO');
    env.it.write('folder/new', 'x');
    expect(env.it.text('folder/new')).toBe('x');
    expect(env.it.list()).toContain('folder/new');
    expect(env.it.changes()).toContainEqual({ kind: 'add', target: 'folder/new', type: 'file' });
    // left so, for the next test
  });

  test('they end with the test, and node:fs is as it was', async () => {
    await writeFile(at('file'), 'x');
    expect(fs.readdirSync(at('folder'))).toEqual(['inner']);
    expect(fs.statSync(at('folder')).mode & 0o777).not.toBe(0);
    for (const [name, value] of Object.entries(untouched)) {
      expect([name, (fs as any)[name] === value]).toEqual([name, true]);
    }
  });

  test('heal ends them within a test', async () => {
    env.it.readOnly();
    await expect(writeFile(at('file'), 'x')).rejects.toMatchObject({ code: 'EROFS' });
    env.it.heal();
    await writeFile(at('file'), 'x');
  });

  test('files elsewhere are not concerned', async () => {
    env.it.fail('EIO');
    const other = fs.mkdtempSync(join(tmpdir(), 'elsewhere-'));
    await writeFile(join(other, 'file'), 'x');
    expect(fs.readFileSync(join(other, 'file'), 'utf8')).toBe('x');
    fs.rmSync(other, { recursive: true });
  });

  test('below a name: only what is there', async () => {
    env.it.readOnly('folder');
    await writeFile(at('file'), 'x');
    await expect(writeFile(at('folder/inner'), 'x')).rejects.toMatchObject({ code: 'EROFS' });
  });
});

test.each<[string, () => void]>([
  ['a denied file that is not there', () => env.it.deny('none')],
  ['another access', () => env.it.deny('file', 'read' as any)],
  ['negative space', () => env.it.full(-1)],
  ['half a file', () => env.it.tooManyOpen(0.5)],
  ['no time', () => env.it.slow(0)],
  ['endless time', () => env.it.slow(Number.POSITIVE_INFINITY)],
  ['an unknown code', () => env.it.fail('EVERYTHING')],
])('%s is refused', (_, call) => {
  expect(call).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.any(String) }),
  );
});
