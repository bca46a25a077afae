import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Hello, Notice } from './protocol';

/** Open connections of the keeper's clients. A session lives as long as its connection. */
export class Sessions {
  private readonly open = new Map<string, ServerResponse>();

  constructor(private readonly on: { ended(session: string): void; idle(): void; busy(): void }) {}

  get count(): number {
    return this.open.size;
  }

  /** Begins a session whose stream is `response`. */
  begin(response: ServerResponse, owner: string): void {
    const session = randomBytes(6).toString('hex');
    if (this.open.size === 0) this.on.busy();
    this.open.set(session, response);
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
    const response = this.open.get(session);
    if (response) write(response, { notice });
  }
}

function write(response: ServerResponse, line: Hello | Notice): void {
  response.write(`${JSON.stringify(line)}\n`);
}
