import { Project } from './project';

// What a test file says of the connections that its tests left.

let project: Project;
beforeEach(() => {
  project = new Project();
  process.env.SEAMKIT_LOG = 'info';
});
afterEach(() => {
  delete process.env.SEAMKIT_LOG;
  project.remove();
});

const head = `
  const net = require('node:net');
  const { once } = require('node:events');
  const env = use({ it: shelf() });
  const connect = async () => {
    const socket = net.connect(new URL(env.it.url).port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
  const ask = async (socket) => {
    socket.write('GET /nothing HTTP/1.1\\r\\nhost: it\\r\\n\\r\\n');
    await once(socket, 'data');
  };
`;

async function said(body: string): Promise<string> {
  project.file('leaks.test.js', head + body);
  // Nothing closes them: a hook that did would come before we look.
  const run = project.jest('--forceExit');
  expect(await run.ended).toBe(0);
  return run.output;
}

test('tests that leave connections are named, with how many', async () => {
  const output = await said(`
    const left = [];
    test('leaves one', async () => { left.push(await connect()); });
    test('leaves two', async () => { left.push(await connect(), await connect()); });
    test('closes its own', async () => { (await connect()).destroy(); });
  `);
  expect(output).toContain(
    'it: left open, and used by no later test: connections of "leaves one" (1), "leaves two" (2)',
  );
});

test('of a server that several boundaries share it is said once, with five tests and how many more', async () => {
  const output = await said(`
    const both = use({ one: shelf(), two: shelf() });
    const left = [];
    test.each([1, 2, 3, 4, 5, 6, 7])('leaves %i', async () => { left.push(await connect()); });
    test('the last', () => {});
  `);
  const lines = output.split('\n').filter((line) => line.includes('left open'));
  expect(lines.filter((line) => line.includes('one, two: left open'))).toEqual([
    expect.stringMatching(/"leaves 5" \(1\), 2 more$/),
  ]);
});

test('of one test only it is said where more is asked for: a pool may have grown by it', async () => {
  const body = `
    let left;
    test('leaves one', async () => { left = await connect(); });
    test('leaves none', () => {});
  `;
  expect(await said(body)).toContain('connections of "leaves one" (1)');
  process.env.SEAMKIT_LOG = 'warn';
  expect(await said(body)).not.toContain('left open');
});

test('a connection that tests share, one of a hook, and the last test are not blamed', async () => {
  const output = await said(`
    let pool, hooks, last;
    beforeAll(async () => { hooks = await connect(); });
    test.each([1, 2, 3])('test %i', async () => { await ask(pool ??= await connect()); });
    test('the last', async () => { last = await connect(); });
  `);
  expect(output).not.toContain('left open');
});
