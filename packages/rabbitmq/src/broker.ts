import type { Socket } from 'node:net';
import { letProcessEnd, SeamkitError } from '@seamkit/core';
import { type ChannelModel, connect } from 'amqplib';

/**
 * A connection to a vhost. Without `noDelay` the first round trips cost 40 ms each.
 * @throws SeamkitError `SERVER_UNREACHABLE`, `PERMISSION_MISSING`, `SERVER_MISMATCH`
 */
export async function connectTo(url: string, name: string): Promise<ChannelModel> {
  try {
    const connection = await connect(url, {
      noDelay: true,
      timeout: 10_000,
      clientProperties: { connection_name: name },
    });
    // Whoever waits for an answer learns of it there.
    connection.on('error', () => {});
    rest(connection);
    return connection;
  } catch (error) {
    const { message = '', code } = error as NodeJS.ErrnoException;
    const { host } = new URL(url);
    if (/ACCESS.REFUSED|403/.test(message)) {
      throw SeamkitError.wrap(
        error,
        'PERMISSION_MISSING',
        `rabbitmq: ${host} refuses these credentials`,
        {
          hint: 'correct user and password in the url; they must be percent-encoded',
        },
      );
    }
    if (code === undefined && !/timed?.?out|closed|ended/i.test(message)) {
      throw SeamkitError.wrap(
        error,
        'SERVER_MISMATCH',
        `rabbitmq: ${host} does not speak AMQP 0-9-1`,
        {
          hint: "the url must name RabbitMQ's own port, 5672 by default",
        },
      );
    }
    throw SeamkitError.wrap(error, 'SERVER_UNREACHABLE', `rabbitmq: no connection to ${host}`, {
      hint: 'see that the server runs and that the url names its AMQP port',
    });
  }
}

/** A process may end though the connection is open. amqplib has no public way to that. */
function rest(connection: ChannelModel): void {
  const { stream, heartbeater } = connection.connection as unknown as {
    stream?: Socket;
    heartbeater?: { sendTimer?: NodeJS.Timeout; recvTimer?: NodeJS.Timeout };
  };
  heartbeater?.sendTimer?.unref();
  heartbeater?.recvTimer?.unref();
  if (stream) letProcessEnd(stream);
}

/** `url` with another user and vhost. */
export function urlOf(
  url: string,
  vhost: string,
  user?: { name: string; password: string },
): string {
  const made = new URL(url);
  made.searchParams.delete('management');
  made.pathname = `/${encodeURIComponent(vhost)}`;
  if (user) {
    made.username = user.name;
    made.password = user.password;
  }
  return made.href;
}
