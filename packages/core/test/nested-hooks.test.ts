import { Project, type Run } from './project';

// What the `beforeAll` of a `describe` writes after the file's first test is undone. Under Jest, who
// loses something by it hears so, and nobody else.

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.remove());

async function run(body: string): Promise<Run> {
  project.file(
    'it.test.js',
    `const env = use({ it: shelf(), other: shelf() });
     const put = (key) => caller(env.it.url)('PUT', '/' + key, 'value');
     const get = (key) => caller(env.it.url)('GET', '/' + key).catch(() => undefined);
     ${body}`,
  );
  const jest = project.jest();
  expect([await jest.ended, jest.output]).toEqual([0, expect.anything()]);
  return jest;
}

const warnings = ({ output }: Run) =>
  output.split('\n').filter((line) => line.startsWith('seamkit '));

test('it is named with its describe and its boundary, once', async () => {
  const jest = await run(`
    test('first', () => put('of a test'));
    for (const name of ['orders', 'prices']) describe(name, () => {
      beforeAll(() => put('seed'));
      test('finds nothing', async () => expect(await get('seed')).toBeUndefined());
    });
  `);
  expect(warnings(jest)).toEqual([
    expect.stringContaining(
      'it: undone before the next test: what the beforeAll of "orders" wrote',
    ),
  ]);
});

test('a hook that writes nothing is no reason, whatever the test before it wrote', async () => {
  const jest = await run(`
    test('first', () => put('of a test'));
    describe('orders', () => {
      beforeAll(async () => expect(await get('of%20a%20test')).toBeUndefined());
      test('second', () => put('of another'));
      describe('deeper', () => {
        beforeAll(() => {});
        test('third', () => {});
      });
    });
  `);
  expect(warnings(jest)).toEqual([]);
});

test('neither is one that runs before the first test, nor a suite that is reset by file', async () => {
  const before = await run(`
    describe('orders', () => {
      beforeAll(() => put('seed'));
      test('finds it', async () => expect(await get('seed')).toBe('value'));
    });
  `);
  expect(warnings(before)).toEqual([]);
  project.remove();
  project = new Project();
  project.file(
    'it.test.js',
    `const env = use({ it: shelf() }, { reset: 'file' });
     test('first', () => {});
     describe('orders', () => {
       beforeAll(() => caller(env.it.url)('PUT', '/seed', 'value'));
       test('finds it', async () => expect(await caller(env.it.url)('GET', '/seed')).toBe('value'));
     });`,
  );
  const byFile = project.jest();
  expect(await byFile.ended).toBe(0);
  expect(warnings(byFile)).toEqual([]);
});
