import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { open } from '@seamkit/core';
import { belongings } from '@seamkit/core/inspect';
import { rabbitmq } from '@seamkit/rabbitmq';

jest.setTimeout(120_000);

let workspace: string;
beforeEach(() => {
  workspace = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-closing-')));
  process.env.SEAMKIT_WORKSPACE = workspace;
});
afterEach(() => {
  delete process.env.SEAMKIT_WORKSPACE;
  rmSync(workspace, { recursive: true });
});

test('closing does not wait for the answer of a server that dies', async () => {
  const env = await open({ mq: rabbitmq({ runtime: 'process' }) });
  await env.reset();
  const groups = belongings(workspace).flatMap((entry) =>
    entry.kind === 'group' ? Number(entry.leader.split(':')[0]) : [],
  );
  const signal = (name: NodeJS.Signals) => {
    for (const leader of groups) process.kill(-leader, name);
  };
  signal('SIGSTOP'); // so that it is asked, and does not answer
  const closed = env.close();
  await delay(100); // a server that dies before it is asked is no matter
  signal('SIGKILL');
  await closed;
});
