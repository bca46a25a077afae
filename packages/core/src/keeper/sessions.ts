import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setInterval } from 'node:timers';
import type { HeldSandbox, Hello, Notice, SessionRequest } from '../protocol/messages';
import { isAlive } from '../system/process-identity';

const watchInterval = 500;

interface Session {
  response: ServerResponse;
  runner: string | undefined;
  /** What it leaves to the keeper when its connection closes. */
  held?: HeldSandbox;
}

/**
 * Open connections of the keeper's clients. A session lives as long as its connection, and no
 * longer than its runner: workers that a killed runner left behind may go on for a while. One that
 * was told to hold lives until it is let go.
 */
export class Sessions {
  private readonly open = new Map<string, Session>();
  /** Identities of the runners that had a session; of a process without workers, its own. */
  private readonly users = new Set<string>();

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
    if (runner !== undefined) this.users.add(runner);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    write(response, { session, owner });
    response.once('close', () => {
      if (!this.open.get(session)?.held) this.end(session);
    });
  }

  /**
   * Whether a runner that had a session still lives: its processes may have clients open. Workers
   * that it left behind do not count.
   */
  get hasUsers(): boolean {
    for (const user of this.users) if (!isAlive(user)) this.users.delete(user);
    return this.users.size > 0;
  }

  /** What is held, by session. */
  get held(): readonly HeldSandbox[] {
    return [...this.open.values()].flatMap(({ held }) => held ?? []);
  }

  /** From now on the session outlives its connection; it takes the place of one that held this kit. */
  hold(session: string, held: HeldSandbox): void {
    this.letGo(held.kit);
    this.open.get(session)!.held = held;
  }

  /** Ends the sessions that hold, all or those of one kit. @returns what they held */
  letGo(kit?: string): HeldSandbox[] {
    const holders = [...this.open].filter(([, { held }]) => held && (kit ?? held.kit) === held.kit);
    for (const [session] of holders) this.end(session);
    return holders.map(([, { held }]) => held!);
  }

  has(session: string): boolean {
    return this.open.has(session);
  }

  notify(session: string, notice: string): void {
    const response = this.open.get(session)?.response;
    if (response) write(response, { notice });
  }

  private end(session: string): void {
    if (!this.open.delete(session)) return; // let go before its connection closed
    this.on.ended(session);
    if (this.open.size === 0) this.on.idle();
  }

  private endOrphans(): void {
    const bound = [...this.open.values()].filter(({ held }) => !held);
    const runners = new Set(bound.map(({ runner }) => runner));
    const dead = [...runners].filter((runner) => runner !== undefined && !isAlive(runner));
    for (const { runner, response } of bound) {
      if (dead.includes(runner)) response.destroy();
    }
  }
}

function write(response: ServerResponse, line: Hello | Notice): void {
  response.write(`${JSON.stringify(line)}\n`);
}
