import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { neighbours } from '../keeper/neighbours';
import type { DownReply } from '../keeper/protocol';
import { call } from '../test-process/keeper-session';
import { findWorkspace } from '../workspace';
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
          // Where nobody else is there, it ends with the answer.
          const gone = { kits: status.held, sessions: 0 };
          const reply = await call(socket, '/down', null).catch(() => gone);
          while (reply.sessions === 0 && existsSync(socket)) await delay(pollInterval);
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

function render({ kits, sessions }: Report): string {
  if (kits.length === 0) return 'Nothing was up.';
  const rest = sessions ? '; running tests keep their servers until they end' : '';
  return `Down: ${kits.join(', ')}${rest}.`;
}
