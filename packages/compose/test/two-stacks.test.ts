import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { belongings, keeperStatus, leftovers } from '@seamkit/core/inspect';
import { describeWithEngine, endWorkspace, newWorkspace, until } from './engine';

// The same file, with fixed ports, names, a subnet and a volume, in several processes at once.

// Compose starts a stack in 2 s, and in many more where others use the processors.
jest.setTimeout(180_000);

interface Holder {
  child: ChildProcess;
  url: string;
  port: number;
}

let workspaces: string[];
let children: ChildProcess[];

beforeEach(() => {
  workspaces = [newWorkspace(), newWorkspace()];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(workspaces.map(endWorkspace));
});

async function hold(workspace: string): Promise<Holder> {
  const child = fork(join(__dirname, 'holder.js'), {
    env: { ...process.env, SEAMKIT_WORKSPACE: workspace },
    execArgv: [],
  });
  children.push(child);
  const [message] = await once(child, 'message');
  if (message.error) throw new Error(message.error);
  return { child, ...message };
}

async function found({ child }: Holder): Promise<number> {
  const answer = once(child, 'message');
  child.send('close');
  const [message] = await answer;
  return message.found;
}

function owned(workspace: string) {
  return belongings(workspace).filter(({ kind }) => kind === 'containers');
}

describeWithEngine('stacks of the same file', () => {
  test('two workspaces have one each, whose processes share it', async () => {
    const [one, other] = workspaces as [string, string];
    const holders = await Promise.all([hold(one), hold(other), hold(one)]);
    const [first, second, third] = holders as [Holder, Holder, Holder];

    expect(first.port).toBe(third.port);
    expect(first.port).not.toBe(second.port);
    expect(first.port).not.toBe(26379);
    expect(first.url).not.toBe(third.url);
    expect(await leftovers(owned(one))).toHaveLength(3); // container, network, volume
    for (const holder of holders) expect(await found(holder)).toBe(holder.child.pid);
  });

  test('kill -9 of the keeper takes container, network and volume along, of its own stack alone', async () => {
    const [one, other] = workspaces as [string, string];
    const [, neighbour] = await Promise.all([hold(one), hold(other)]);
    const entries = owned(one);
    expect((await leftovers(entries)).map((what) => what.split(' ')[0]).sort()).toEqual([
      'container',
      'network',
      'volume',
    ]);

    process.kill((await keeperStatus(one))!.pid, 'SIGKILL');

    await until(async () => (await leftovers(entries)).length === 0, 'everything to be gone');
    expect(await found(neighbour!)).toBe(neighbour!.child.pid);
  });

  test('kill -9 of the keeper in the middle of the start leaves nothing either', async () => {
    const [one] = workspaces as [string];
    const holder = hold(one).catch(() => {}); // its server goes while it waits
    await until(
      async () =>
        (await keeperStatus(one).catch(() => undefined)) !== undefined &&
        (await leftovers(owned(one))).some((what) => what.startsWith('network')),
      'the stack to begin',
    );
    const entries = owned(one);
    process.kill((await keeperStatus(one))!.pid, 'SIGKILL');
    await until(async () => !(await keeperStatus(one).catch(() => 'dead')), 'the leash to be done');
    await until(async () => (await leftovers(entries)).length === 0, 'everything to be gone');
    await holder;
  });
});
