import { setTimeout as delay } from 'node:timers/promises';
import { findWorkspace } from '../project/workspace';
import { call, statusAt } from '../protocol/call';
import { neighbours } from '../protocol/keepers';
import type { DownReply } from '../protocol/messages';
import { identify, isAlive } from '../system/process-identity';
import type { Result } from './output';
import { lockUp } from './up';

const pollInterval = 20;

interface Report {
  /** Kits that were up. */
  kits: string[];
  /** Test files that still use servers of this workspace; those stay for them. */
  sessions: number;
}

/** `seamkit down`: lets go what `up` holds, and waits until the servers are gone. */
export async function down(): Promise<Result> {
  const unlock = await lockUp();
  try {
    const found = await neighbours(findWorkspace());
    const replies = await Promise.all(
      found
        .filter(({ status }) => status.held.length > 0)
        .map(async ({ socket, status }): Promise<DownReply> => {
          const keeper = identify(status.pid);
          // Where nobody else is there, it ends with the answer.
          const gone = { kits: status.held, sessions: 0 };
          const reply = await call(socket, '/down', null).catch(() => gone);
          if (reply.sessions === 0 && keeper) await ended(socket, keeper);
          return reply;
        }),
    );
    const kits = replies.flatMap((reply) => reply.kits).sort();
    const sessions = replies.reduce((sum, reply) => sum + reply.sessions, 0);
    const report: Report = { kits, sessions };
    return { data: report, lines: [render(report)] };
  } finally {
    unlock();
  }
}

/** Resolves once the keeper is gone, its servers with it; or a test needs it after all. */
async function ended(socket: string, keeper: string): Promise<void> {
  while (isAlive(keeper)) {
    const status = await statusAt(socket).catch(() => undefined);
    if (status && status.sessions > 0) return;
    await delay(pollInterval);
  }
}

function render({ kits, sessions }: Report): string {
  if (kits.length === 0) return 'Nothing was up.';
  const rest = sessions ? '; running tests keep their servers until they end' : '';
  return `Down: ${kits.join(', ')}${rest}.`;
}
