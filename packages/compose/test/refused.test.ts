import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComposeOptions, compose } from '@seamkit/compose';
import { type Boundary, defineKit } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { redis } from '@seamkit/redis';
import { fixture } from './engine';

// What is refused before anything starts, and what makes a stack another stack.

const shop = fixture('shop.yml');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-compose-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function refusal(call: () => unknown): { code: string; message: string; hint?: string } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
}

test.each<[string, () => unknown, string, RegExp]>([
  ['a missing file', () => compose('nowhere.yml'), 'OPTION_INVALID', /no file nowhere\.yml/],
  ['no file at all', () => compose(), 'OPTION_INVALID', /no Compose file in the package/],
  ['no file', () => compose([]), 'OPTION_INVALID', /takes the path/],
  ['an object', () => compose({} as string), 'OPTION_INVALID', /takes the path/],
  [
    'an unknown option',
    () => compose(shop, { nope: 1 } as ComposeOptions),
    'OPTION_INVALID',
    /no option 'nope'/,
  ],
  ['an unknown service', () => compose(shop).service('dp'), 'OPTION_INVALID', /no service 'dp'/],
  [
    'an unknown service for a kit',
    () => compose(shop).service('dp', postgres()),
    'OPTION_INVALID',
    /no service 'dp'/,
  ],
  [
    'an unknown service among those to start',
    () => compose(shop, { services: ['dp'] }),
    'OPTION_INVALID',
    /no service 'dp'/,
  ],
  [
    'a boundary that asks for a server of its own',
    () => compose(shop).service('db', postgres({ version: '17' })),
    'OPTION_INVALID',
    /option 'version'/,
  ],
  [
    'a boundary that wants the server alone',
    () => compose(shop).service('cache', redis({ exclusive: true })),
    'UNSUPPORTED',
    /shared by all test files/,
  ],
  [
    'a boundary without a server',
    () => compose(shop).service('api', local()),
    'UNSUPPORTED',
    /: that kit has no server/,
  ],
  [
    'a stack within a stack',
    () => compose(shop).service('api', compose(shop)),
    'UNSUPPORTED',
    /: that kit has no server/,
  ],
])('%s is refused at once', (_, call, code, message) => {
  const error = refusal(call);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.hint).toBeTruthy();
});

test('a file that is no Compose file is refused with the reason', () => {
  expect(refusal(() => compose(file('a.yml', 'services: [\n'))).message).toMatch(/at line 2/);
  expect(refusal(() => compose(file('b.yml', 'services'))).message).toMatch(/has no fields/);
});

test('a file that never ends is refused with the reason', () => {
  const no = (call: () => unknown) => refusal(call).message;
  expect(no(() => compose('/dev/zero'))).toMatch(/it is a device, not a regular file/);
  expect(no(() => compose(file('a.yml', 'services: &it { a: *it }')))).toMatch(/alias in it/);
  const bomb = ['l0: &l0 [x, x]'].concat(
    Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}]`),
  );
  expect(no(() => compose(file('b.yml', bomb.join('\n'))))).toMatch(/alias/);
});

test('services of included files are known, those of files that nobody can find are not missed', () => {
  file('more/more.yml', 'services: { inner: { image: a } }');
  const one = file('one.yml', 'include: [more/more.yml]\nservices: { outer: { image: a } }');
  expect(() => compose(one).service('inner')).not.toThrow();
  expect(refusal(() => compose(one).service('nope')).hint).toBe('use one of: inner, outer');
  const two = file(
    'two.yml',
    'include: ["$ELSEWHERE/more.yml"]\nservices: { outer: { image: a } }',
  );
  expect(() => compose(two).service('nope')).not.toThrow();
});

test('what Compose alone understands is no reason to refuse a file', () => {
  const text =
    'x-all: &all { image: a }\nservices: { one: { <<: *all, ports: !override ["1:1"] } }';
  expect(() => compose(file('a.yml', text)).service('one')).not.toThrow();
});

describe('the same stack is', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  function identity(options?: ComposeOptions): string {
    return JSON.stringify(compose(join(folder, 'a.yml'), options).plan);
  }

  beforeEach(() => {
    file(
      'a.yml',
      `services: { one: { image: '\${IMAGE:-a}', env_file: one.env, environment: [PASSED] } }`,
    );
    file('one.env', 'A=1');
  });

  test('one whose files say the same, with the same variables', () => {
    process.env.UNNAMED = '1';
    const first = identity();
    process.env.UNNAMED = '2';
    expect(identity()).toBe(first);
  });

  test.each<[string, () => void]>([
    ['the file', () => file('a.yml', 'services: { one: { image: b } }')],
    ['an environment file that it names', () => file('one.env', 'A=2')],
    ['.env', () => file('.env', 'IMAGE=b')],
    ['a variable that it names', () => (process.env.IMAGE = 'b')],
    ['a variable that it passes on', () => (process.env.PASSED = 'b')],
  ])('not one where %s changed', (_, change) => {
    const first = identity();
    change();
    expect(identity()).not.toBe(first);
  });

  test('not one with other options', () => {
    const all = [{}, { services: ['one'] }, { profiles: ['debug'] }, { env: { IMAGE: 'b' } }];
    expect(new Set(all.map(identity)).size).toBe(all.length);
  });
});

/** A kit whose sandboxes live in the test process. */
function local(): Boundary<object> {
  return defineKit({
    kind: 'local',
    name: 'here',
    supports: { runtimes: [], prepare: false },
    options: {},
    open: async () => ({ members: {}, reset: async () => {}, close: async () => {} }),
  })();
}
