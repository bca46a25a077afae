import { defineKit, SeamkitError, use } from '@seamkit/core';
import { caller, shelf } from './shelf/kit';

const env = use({
  empty: shelf(),
  full: shelf({
    async prepare(url: string) {
      await caller(url)('PUT', '/kept', 'as it was');
    },
  }),
});

function thrownBy(work: () => unknown): SeamkitError {
  try {
    work();
  } catch (error) {
    return error as SeamkitError;
  }
  throw new Error('nothing was thrown');
}

const early = thrownBy(() => env.empty);

const entries = async (url: string) => JSON.parse(await caller(url)('GET', ''));

beforeAll(() => caller(env.empty.url)('PUT', '/hook', 'written by a hook'));

test('before the first test a boundary says that it has not started', () => {
  expect(early).toBeInstanceOf(SeamkitError);
  expect(early.code).toBe('NOT_STARTED');
});

describe('what the hooks of the file wrote before the first test', () => {
  test.each([1, 2])('is its baseline (%i)', async () => {
    expect(await entries(env.empty.url)).toEqual([['hook', 'written by a hook']]);
    await caller(env.empty.url)('PUT', '/hook', 'changed');
  });
});

describe('what a hook writes after a test, though it is declared below use()', () => {
  afterEach(() => caller(env.empty.url)('PUT', '/late', 'of a hook'));
  test.each([1, 2])('is gone before the next (%i)', async () => {
    expect(await entries(env.empty.url)).toEqual([['hook', 'written by a hook']]);
  });
});

test('every boundary has the same verbs', async () => {
  await caller(env.empty.url)('PUT', '/more', 'of the test');
  await Promise.all([env.empty.reset(), env.empty.reset()]);
  expect(await entries(env.empty.url)).toEqual([['hook', 'written by a hook']]);
  expect(Object.keys(env.empty)).toEqual(['url', 'name', 'wait']);
});

describe.each([1, 2])('round %i', () => {
  test('begins at the baseline, and may change it', async () => {
    expect(await entries(env.full.url)).toEqual([['kept', 'as it was']]);
    await caller(env.full.url)('PUT', '/kept', 'changed');
    await caller(env.full.url)('PUT', '/more', 'added');
  });
});

test('members are those of the kit, and nothing is there that was not asked for', () => {
  expect(Object.keys(env)).toEqual(['empty', 'full']);
  expect(env.empty.name).not.toBe(env.full.name);
});

test.each([
  ['close', () => use({ close: shelf() }), /cannot be named 'close'/],
  ['a kit that was not called', () => use({ it: shelf as never }), /is not a boundary/],
  ['a kit that says no kind', () => defineKit({ name: 'it' } as never), /says no kind/],
  ['an unknown option', () => shelf({ nope: true } as object), /has no option 'nope'/],
])('%s is refused at once', (_what, work, message) => {
  const error = thrownBy(work);
  expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(message) });
  expect(error.hint).toBeTruthy();
});
