import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';

/** All that are open: the test ends them. */
export const clients: ChannelModel[] = [];

export async function client(url: string) {
  const connection = await connect(url, { noDelay: true });
  connection.on('error', () => {});
  clients.push(connection);
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return { connection, channel };
}

/** What came out of a queue, and whoever waits for more. */
export class Inbox {
  readonly texts: (string | null)[] = [];
  private wake = () => {};

  take(message: ConsumeMessage | null): void {
    this.texts.push(message && String(message.content));
    this.wake();
  }

  async has(count: number): Promise<void> {
    while (this.texts.length < count) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

export async function consume(channel: ConfirmChannel, queue: string, acknowledge = true) {
  const inbox = new Inbox();
  await channel.consume(queue, (message) => {
    if (message && acknowledge) channel.ack(message);
    inbox.take(message);
  });
  return inbox;
}

/** As NestJS' server does it: sets up all anew once its connection is lost, and not for less. */
export class Listener {
  readonly inbox = new Inbox();
  readonly ended: string[] = [];

  constructor(
    private readonly url: string,
    private readonly acknowledge: (text: string) => boolean,
  ) {}

  async listen(): Promise<void> {
    const connection = await connect(this.url, { noDelay: true });
    clients.push(connection);
    connection.on('error', () => {});
    connection.on('close', (error?: Error) => {
      this.ended.push(String(error?.message));
      if (error) this.listen().catch(() => {});
    });
    const channel = await connection.createChannel();
    await channel.assertQueue('work');
    await channel.prefetch(1);
    await channel.consume('work', (message) => {
      if (!message) return;
      if (this.acknowledge(String(message.content))) channel.ack(message);
      this.inbox.take(message);
    });
  }
}
