import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { connectTo } from './broker';

/**
 * The kit's connection to a sandbox, with the channel that the test gets and one of the kit's own.
 * It logs in as the administrator, so that the sandbox's user has only the test's own clients.
 */
export class ReadyClient {
  connection!: ChannelModel;
  /** The test's. */
  channel!: ConfirmChannel;
  /** The kit's. */
  control!: ConfirmChannel;
  private kept: { channel?: ConfirmChannel; consumers: string[] } = { consumers: [] };
  private readonly broken = new Set<unknown>();
  private sent = -1;
  private mending: Promise<void> | undefined;

  private constructor(
    private readonly url: string,
    private readonly name: string,
  ) {}

  static async open(url: string, name: string): Promise<ReadyClient> {
    const client = new ReadyClient(url, name);
    await client.mend();
    return client;
  }

  /** Whether anything was sent since `settle`, by the test or by us. */
  get used(): boolean {
    return this.sent !== bytesSent(this.connection);
  }

  /** What was sent until now left nothing behind. */
  settle(): void {
    this.sent = bytesSent(this.connection);
  }

  /** What waits in a queue, and who consumes from it. Nothing, if it is gone. */
  async count(queue: string): Promise<{ messageCount: number; consumerCount: number }> {
    for (;;) {
      const { control } = this;
      try {
        return await control.checkQueue(queue);
      } catch (error) {
        await this.mend();
        const refused = typeof (error as { code?: unknown }).code === 'number';
        if (refused) return { messageCount: 0, consumerCount: 0 };
        // The channel ended over another queue, before this one's turn; else we are closing.
        if (this.control === control) throw error;
      }
    }
  }

  /** Opens again what was closed. */
  mend(): Promise<void> {
    this.mending ??= this.reopen().finally(() => {
      this.mending = undefined;
    });
    return this.mending;
  }

  private async reopen(): Promise<void> {
    if (!this.connection || this.broken.has(this.connection)) {
      this.connection = this.watched(await connectTo(this.url, this.name));
      [this.channel, this.control] = await Promise.all([this.open(), this.open()]);
      return;
    }
    if (this.broken.has(this.control)) this.control = await this.open();
    if (this.broken.has(this.channel)) this.channel = await this.open();
  }

  /** What the test's channel consumes now is left alone by `takeBack`. */
  keep(): void {
    this.kept = { channel: this.channel, consumers: consumersOf(this.channel) };
  }

  /**
   * A new channel for the test; what the old one had not acknowledged is back in its queues. One
   * whose consumers are kept goes on, without those that came later.
   */
  async takeBack(): Promise<void> {
    const { channel, kept } = this;
    if (kept.channel === channel && kept.consumers.length > 0) {
      const later = consumersOf(channel).filter((tag) => !kept.consumers.includes(tag));
      await Promise.all(later.map((tag) => channel.cancel(tag)));
      return;
    }
    await end(channel);
    this.broken.add(channel);
    await this.mend();
  }

  /** Deletes an exclusive queue, if this connection declared it. */
  async deleteOwn(queue: string): Promise<void> {
    const channel = await this.borrow();
    await channel.deleteQueue(queue).catch(() => {}); // another's
    await channel.close().catch(() => {});
  }

  /** A new connection; what the old one had is gone, or back in its queues. */
  async reconnect(): Promise<void> {
    await this.close();
    this.broken.add(this.connection);
    await this.mend();
  }

  /** A channel for one piece of work. */
  borrow(): Promise<ConfirmChannel> {
    return this.open();
  }

  async close(): Promise<void> {
    await end(this.connection);
  }

  private async open(): Promise<ConfirmChannel> {
    return this.watched(await this.connection.createConfirmChannel());
  }

  private watched<Part extends ChannelModel | ConfirmChannel>(part: Part): Part {
    const emitter = part as NodeJS.EventEmitter;
    emitter.on('close', () => this.broken.add(part));
    // The rejected call tells the test; without a listener the process would die as well.
    emitter.on('error', () => {});
    return part;
  }
}

/** Closes it. amqplib waits for the server's answer for ever, though the server may have died. */
function end(part: ChannelModel | ConfirmChannel): Promise<void> {
  return new Promise((resolve) => {
    (part as NodeJS.EventEmitter).once('close', () => resolve());
    part.close().then(resolve, () => resolve()); // closed already
  });
}

/** Tags of a channel's consumers. */
function consumersOf(channel: ConfirmChannel): string[] {
  return [...(channel as unknown as { consumers: Map<string, unknown> }).consumers.keys()];
}

function bytesSent(connection: ChannelModel): number {
  const { stream } = connection.connection as unknown as { stream: { bytesWritten: number } };
  return stream.bytesWritten;
}
