import type { NatsConnection } from '@nats-io/transport-node';
import { busyOf, compare, empty, restore, type Saved, save } from './streams';

/** What a sandbox returns to: the template's streams, or those that the hooks of its file left. */
export class Baseline {
  private readonly warned = new Set<string>();

  constructor(
    private streams: readonly Saved[],
    private readonly warn: (message: string) => void,
  ) {}

  /** One round trip where nothing differs. Resolves to whether anything did. */
  async restore(line: NatsConnection): Promise<boolean> {
    const { stale, missing, same } = await compare(line, this.streams);
    const emptied = new Map<string, string>();
    for (const seen of missing) {
      const { name, busy } = seen.saved;
      const kept = seen.consumers.map((one) => one.name).filter((one) => busy.includes(one));
      if (!seen.stream || kept.length === 0) continue;
      const look = await empty(line, seen);
      if (look) emptied.set(name, look);
      else this.tell(name, kept);
    }
    this.streams = this.streams.map((saved) => {
      const look = emptied.get(saved.name);
      return look ? { ...saved, look } : saved;
    });
    await restore(line, {
      stale: stale.filter((name) => !emptied.has(name)),
      missing: missing.filter(({ saved }) => !emptied.has(saved.name)),
      same,
    });
    return stale.length + missing.length > 0;
  }

  /** What is there is the baseline from now on. Resolves to whether anything differed from it. */
  async set(line: NatsConnection): Promise<boolean> {
    const { stale, missing, same } = await compare(line, this.streams);
    this.streams = same.map(({ saved, consumers }) => ({ ...saved, busy: busyOf(consumers) }));
    if (stale.length + missing.length === 0) return false;
    this.streams = await save(line, this.streams);
    return true;
  }

  private tell(stream: string, consumers: readonly string[]): void {
    if (this.warned.has(stream)) return;
    this.warned.add(stream);
    const names = consumers.join(', ');
    this.warn(
      `the stream ${stream} was restored, which ends its consumers for the clients that hooks started (${names}); start them in a beforeEach, or let the baseline have no messages in ${stream}`,
    );
  }
}
