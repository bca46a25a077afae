import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setInterval } from 'node:timers';
import { isAlive } from './process-identity';
import type { Hello, Notice, SessionRequest } from './protocol';

const watchInterval = 500;

interface Session {
  response: ServerResponse;
  runner: string | undefined;
}

/**
 * Open connections of the keeper's clients. A session lives as long as its connection, and no
 * longer than its runner: workers that a killed runner left behind may go on for a while.
 */
export class Sessions {
  private readonly open = new Map<string, Session>();

  constructor(private readonly on: { ended(session: string): void; idle(): void; busy(): void }) {
    setInterval(() => this.endOrphans(), watchInterval).unref();
  }

  get count(): number {
    return this.open.size;
  }

  /** Begins a session whose stream is `response`. */
  begin({ runner }: SessionRequest, response: ServerResponse, owner: string): void {
    const session = randomBytes(6).toString('hex');
    if (this.open.size === 0) this.on.busy();
    this.open.set(session, { response, runner });
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    write(response, { session, owner });
    response.once('close', () => {
      this.open.delete(session);
      this.on.ended(session);
      if (this.open.size === 0) this.on.idle();
    });
  }

  has(session: string): boolean {
    return this.open.has(session);
  }

  notify(session: string, notice: string): void {
    const response = this.open.get(session)?.response;
    if (response) write(response, { notice });
  }

  private endOrphans(): void {
    const runners = new Set([...this.open.values()].map(({ runner }) => runner));
    const dead = [...runners].filter((runner) => runner !== undefined && !isAlive(runner));
    for (const { runner, response } of this.open.values()) {
      if (dead.includes(runner)) response.destroy();
    }
  }
}

function write(response: ServerResponse, line: Hello | Notice): void {
  response.write(`${JSON.stringify(line)}\n`);
}
