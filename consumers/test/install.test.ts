import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// One kit brings core and the client of its own boundary; never another's client, nor containers.

const clients: Record<string, string[]> = {
  postgres: ['pg', '@types/pg'],
  redis: ['ioredis'],
  rabbitmq: ['amqplib'],
  s3: ['minio', 'aws4'],
  http: ['ajv', 'ajv-formats', 'ws', 'yaml'],
};
const foreign = [...Object.values(clients).flat(), 'testcontainers', 'dockerode'];
const root = join(__dirname, '../..');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-consumer-'));
  for (const name of ['core', ...Object.keys(clients)]) {
    execFileSync('npx', ['-y', 'pnpm@10', 'pack', '--pack-destination', folder], {
      cwd: join(root, 'packages', name),
    });
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tarball = (name: string) =>
  join(folder, readdirSync(folder).find((file) => file.startsWith(`seamkit-${name}-`))!);

test.each(Object.keys(clients))(
  '%s brings core and its own client, and runs',
  (name) => {
    const project = join(folder, name);
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', tarball('core'), tarball(name)], {
      cwd: project,
      stdio: 'pipe',
    });

    const tree = execFileSync('npm', ['ls', '--all', '--parseable'], {
      cwd: project,
      encoding: 'utf8',
    });
    const installed = new Set(
      tree.split('\n').flatMap((path) => path.match(/.*node_modules\/(.+)$/)?.[1] ?? []),
    );
    const own = ['@seamkit/core', `@seamkit/${name}`, ...clients[name]!];
    expect([...installed]).toEqual(expect.arrayContaining(own));
    const others = foreign.filter((client) => !clients[name]!.includes(client));
    expect(others.filter((client) => installed.has(client))).toEqual([]);

    const script = `console.log(typeof require('@seamkit/${name}').${name})`;
    const output = execFileSync(process.execPath, ['-e', script], {
      cwd: project,
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('function');
  },
  120_000,
);

test('a tarball holds what runs, its types and its README, and no test', () => {
  const files = execFileSync('tar', ['-tzf', tarball('redis')], { encoding: 'utf8' }).split('\n');
  expect(files).toEqual(
    expect.arrayContaining([
      'package/package.json',
      'package/README.md',
      'package/LICENSE',
      'package/dist/index.js',
      'package/dist/index.d.ts',
    ]),
  );
  expect(files.filter((file) => /test|\.tsbuildinfo|(?<!\.d)\.ts$/.test(file))).toEqual([]);
});
