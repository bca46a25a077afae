import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';

/**
 * The little of PostgreSQL's protocol that a server's start needs: the keeper has no client library.
 */

/** The first message of a connection. The answer begins with `R` once the server takes logins. */
export function startupMessage(user: string, database: string): Buffer {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(196_608, 4); // protocol 3.0
  return Buffer.concat([head, body]);
}

/**
 * Runs one statement over a unix socket that asks for no password. Resolves to false while the
 * server does not take logins yet; rejects with the server's own error.
 */
export function runOverSocket(path: string, user: string, sql: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const reader = new MessageReader();
    let asked = false;
    const end = (settle: () => void) => {
      socket.destroy();
      settle();
    };
    socket.once('connect', () => socket.write(startupMessage(user, user)));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(() =>
        ['ENOENT', 'ECONNREFUSED'].includes(error.code ?? '') ? resolve(false) : reject(error),
      ),
    );
    socket.once('close', () => resolve(false));
    socket.on('data', (chunk) => {
      for (const { type, body } of reader.read(chunk)) {
        if (type === 'E') {
          const { code, message } = errorFields(body);
          if (code === '57P03') return end(() => resolve(false));
          return end(() => reject(new Error(`${message} (${code})`)));
        }
        if (type !== 'Z') continue;
        if (asked) return end(() => resolve(true));
        asked = true;
        socket.write(queryMessage(sql));
      }
    });
  });
}

/**
 * What the server stores for a password. One iteration instead of 4,096: stretching protects weak
 * passwords, these are random; and a connection costs 7 ms less.
 */
export function passwordVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, 1, 32, 'sha256');
  const sign = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(sign('Client Key')).digest('base64');
  const serverKey = sign('Server Key').toString('base64');
  return `SCRAM-SHA-256$1:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.from('Q\0\0\0\0');
  head.writeInt32BE(4 + text.length, 1);
  return Buffer.concat([head, text]);
}

/** Puts messages together that arrive in pieces. */
class MessageReader {
  private rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): { type: string; body: Buffer }[] {
    let data = Buffer.concat([this.rest, chunk]);
    const messages = [];
    while (data.length >= 5 && data.length > data.readInt32BE(1)) {
      const end = 1 + data.readInt32BE(1);
      messages.push({ type: String.fromCharCode(data[0]!), body: data.subarray(5, end) });
      data = data.subarray(end);
    }
    this.rest = data;
    return messages;
  }
}

function errorFields(body: Buffer): { code?: string; message?: string } {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field[0], field.slice(1)]),
  );
  return { code: fields.get('C'), message: fields.get('M') };
}
