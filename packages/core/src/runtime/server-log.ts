import type { LogLine } from '../protocol/messages';

const capacity = 2_000;

/** A server's last lines. Secrets that it was started with never get in. */
export class ServerLog {
  private readonly lines: LogLine[] = [];
  private readonly listeners = new Set<(line: LogLine) => void>();
  private readonly secrets: string[] = [];

  conceal(secret: string): void {
    this.secrets.push(secret);
  }

  add(text: string): void {
    const line = { at: Date.now(), text: this.clean(text) };
    this.lines.push(line);
    if (this.lines.length > capacity) this.lines.splice(0, capacity / 10);
    for (const listen of this.listeners) listen(line);
  }

  /** Every line that is still kept, oldest first. */
  get kept(): readonly LogLine[] {
    return this.lines;
  }

  /** Calls `listen` with each line to come. @returns how to end that */
  listen(listen: (line: LogLine) => void): () => void {
    this.listeners.add(listen);
    return () => this.listeners.delete(listen);
  }

  /** Takes a stream line by line. */
  follow(stream: NodeJS.ReadableStream | null): void {
    let rest = '';
    stream?.on('data', (chunk: Buffer | string) => {
      const lines = (rest + chunk.toString()).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim()) this.add(line);
    });
    stream?.on('end', () => rest.trim() && this.add(rest));
    stream?.on('error', () => {});
  }

  /** The last lines, oldest first. */
  last(count = 20): string[] {
    return this.lines.slice(-count).map(({ text }) => text);
  }

  /** `text` without the secrets. */
  clean(text: string): string {
    return this.secrets.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
  }
}
