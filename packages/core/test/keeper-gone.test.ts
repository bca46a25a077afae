import processes from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { open } from '@seamkit/core';
import { keeperStatus } from '@seamkit/core/inspect';
import { Sessions } from '../dist/keeper/sessions';
import { KeeperSession } from '../dist/test-process/keeper-session';
import { caller, shelf } from './shelf/kit';
import { until } from './until';
import { emptyWorkspace, endKeeper } from './workspace';

// Keepers come and go while they are needed; moments that are too short to be met by chance.

emptyWorkspace();
afterEach(() => jest.restoreAllMocks());

const workspace = () => process.env.SEAMKIT_WORKSPACE!;

test('all boundaries of a file share one session, which ends with them', async () => {
  const env = await open({ one: shelf(), two: shelf(), three: shelf({ exclusive: true }) });
  expect((await keeperStatus(workspace()))!.sessions).toBe(1);
  await env.close();
  await until(async () => (await keeperStatus(workspace()))!.sessions === 0, 'the session to end');
});

test('a keeper that has gone, though its session does not show it yet, is replaced', async () => {
  await using env = await open({ it: shelf() });
  const before = env.it.url;
  await endKeeper(workspace());
  jest.spyOn(KeeperSession.prototype, 'alive', 'get').mockReturnValueOnce(true);
  await env.reset();
  expect(env.it.url).not.toBe(before);
  await caller(env.it.url)('PUT', '/key', 'value');
});

test('where a reset got no other sandbox, the next one tries again', async () => {
  await using env = await open({ it: shelf() });
  await endKeeper(workspace());
  jest.spyOn(KeeperSession, 'open').mockRejectedValueOnce(new Error('no keeper'));
  await expect(env.reset()).rejects.toThrow('no keeper');
  await env.reset();
  await caller(env.it.url)('PUT', '/key', 'value');
});

test('a keeper that has served others and closed before its starter looked is started again', async () => {
  await endKeeper(workspace());
  const { spawn } = processes;
  jest
    .spyOn(processes, 'spawn')
    .mockImplementationOnce((node: any, _args: any, options: any) =>
      spawn(node, ['-e', ''], options),
    );
  await using env = await open({ it: shelf() });
  await caller(env.it.url)('PUT', '/key', 'value');
});

test('a session that was let go, and then loses its connection, has ended once', () => {
  const on = { ended: jest.fn(), idle: jest.fn(), busy: jest.fn() };
  const sessions = new Sessions(on);
  const told: string[] = [];
  const connection = Object.assign(new EventEmitter(), {
    writeHead: () => {},
    write: (line: string) => told.push(line),
  }) as unknown as ServerResponse;
  sessions.begin({}, connection, '0wner');
  const { session } = JSON.parse(told[0]!);
  sessions.hold(session, { kit: 'shelf' } as never);
  sessions.letGo();
  connection.emit('close');
  expect(on.ended.mock.calls).toEqual([[session]]);
  expect(on.idle).toHaveBeenCalledTimes(1);
});
