import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { http, loadContract, openCassette, readHar, verifyPact } from '@seamkit/http';

// Files that would fill the memory, or never end: refused at once, with a code.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-bad-files-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});
afterEach(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'file.yaml');
  writeFileSync(path, text);
  return path;
}

/** 2^30 values in 31 lines. */
const bomb = ['l0: &l0 [x, x]']
  .concat(Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}]`))
  .join('\n');

const cassette = async (path: string) => openCassette({ file: path, mode: 'replay' });
const contract = async (path: string) => loadContract(path);
const pact = (path: string) => verifyPact(path, 'http://127.0.0.1:1');
const invalid = (code: string, reason: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(reason) });

test.each([
  ['a cassette', cassette, 'STATE_INVALID'],
  ['a contract', contract, 'OPTION_INVALID'],
  ['a HTTP archive', readHar, 'STATE_INVALID'],
  ['a Pact file', pact, 'STATE_INVALID'],
])('%s is a regular file', async (_, read, code) => {
  await expect(read('/dev/zero')).rejects.toEqual(invalid(code, /it is a device/));
  await expect(read(join(folder, 'pipe'))).rejects.toEqual(invalid(code, /it is a pipe/));
});

test.each([
  ['a cassette', cassette, 'STATE_INVALID', 'version: 1\n'],
  ['a contract', contract, 'OPTION_INVALID', 'openapi: 3.1.0\n'],
])('%s that aliases make endless is refused', async (_, read, code, head) => {
  const many = file(`${head}${bomb}\ninteractions: *l30\npaths: *l30\n`);
  await expect(read(many)).rejects.toEqual(invalid(code, /alias/));
  const endless = file(`${head}interactions: &it [*it]\npaths: &all { a: *all }\n`);
  await expect(read(endless)).rejects.toEqual(invalid(code, /alias in it stands for what/));
});

const large = {
  code: 'STATE_INVALID',
  message: expect.stringMatching(/has more than 3,000,000 tokens/),
  hint: expect.stringContaining('split it'),
};

test('a cassette with more interactions than can be read is refused', async () => {
  const one = "{ request: { method: GET, url: 'http://a.example/' }, response: { status: 200 } }";
  const block = file(`version: 1\ninteractions:\n${`  - ${one}\n`.repeat(150_000)}`);
  await expect(cassette(block)).rejects.toMatchObject(large);
  const line = file(`version: 1\ninteractions: [${`${one}, `.repeat(150_000)}]\n`);
  await expect(cassette(line)).rejects.toMatchObject(large);
});

test('a body that is one long text is not too large', async () => {
  const text = ', more'.repeat(600_000);
  const request = "{ method: GET, url: 'http://a.example/' }";
  const path = file(
    `version: 1\ninteractions:\n  - { request: ${request}, response: { status: 200, text: '${text}' } }`,
  );
  const { interactions } = await openCassette({ file: path, mode: 'replay' });
  expect(interactions[0]!.response.body.toString()).toBe(text);
});

test('a cassette that could not be read is not recorded', async () => {
  const recording = await openCassette({ file: join(folder, 'new.yaml'), mode: 'record' });
  const request = { method: 'GET', url: 'http://a.example/', headers: [], body: Buffer.alloc(0) };
  const headers: [string, string][] = [['content-type', 'application/json']];
  const body = Buffer.from(`[${'[],'.repeat(550_000)}[]]`);
  const record = () => recording.record({ request, response: { status: 200, headers, body } });
  expect(record).toThrow(expect.objectContaining(large));
  expect(recording.interactions).toEqual([]);
});

test('a few aliases in a cassette are as good as what they stand for', async () => {
  const request = (url: string) => `{ method: GET, url: '${url}', headers: *h }`;
  const path = file(
    `version: 1
headers: &h { accept: text/plain }
interactions:
  - { request: ${request('http://a.example/1')}, response: { status: 200 } }
  - { request: ${request('http://a.example/2')}, response: { status: 204 } }
`,
  );
  expect((await cassette(path)).mode).toBe('replay');
});

test('a mode in SEAMKIT_CASSETTE that there is not is refused by the factory', async () => {
  const before = process.env.SEAMKIT_CASSETTE;
  const make = () => http({ origins: ['http://a.example'], cassette: join(folder, 'none.yaml') });
  try {
    process.env.SEAMKIT_CASSETTE = 'rewind';
    expect(make).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        summary: "the environment variable SEAMKIT_CASSETTE is 'rewind'",
        hint: expect.stringContaining("'replay', 'record', 'refresh'"),
      }),
    );
    process.env.SEAMKIT_CASSETTE = '';
    expect(make).not.toThrow();
    process.env.SEAMKIT_CASSETTE = 'replay';
    await expect(open({ it: make() })).rejects.toEqual(invalid('STATE_INVALID', /no cassette/));
  } finally {
    if (before === undefined) delete process.env.SEAMKIT_CASSETTE;
    else process.env.SEAMKIT_CASSETTE = before;
  }
});
