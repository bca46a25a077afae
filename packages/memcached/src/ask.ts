import { connect } from 'node:net';

/** One line of a reply, and the value that follows a `VA` line. */
type Line = { text: string; value?: Buffer };

/**
 * Sends commands of Memcached's text protocol, as latin1, on a connection of its own. Resolves to the
 * lines of the reply, up to the one that matches `end`.
 */
export function ask(url: string, commands: string, end: RegExp): Promise<Line[]> {
  const { hostname: host, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const lines: Line[] = [];
    let rest = Buffer.alloc(0);
    const socket = connect({ host, port: Number(port), noDelay: true });
    socket.write(commands, 'latin1');
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('Memcached has closed the connection')));
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let line = first(rest); line; line = first(rest)) {
        rest = rest.subarray(line.length);
        lines.push(line);
        if (!end.test(line.text)) continue;
        resolve(lines);
        socket.destroy();
      }
    });
  });
}

/** The first line that is there as a whole. A metadump's end with \n, all others with \r\n. */
function first(bytes: Buffer): (Line & { length: number }) | undefined {
  const start = bytes.indexOf('\n') + 1;
  if (start === 0) return undefined;
  const text = bytes.toString('latin1', 0, start).trimEnd();
  const size = /^VA (\d+)/.exec(text)?.[1];
  if (size === undefined) return { text, length: start };
  const end = start + Number(size);
  if (bytes.length < end + 2) return undefined;
  return { text, value: bytes.subarray(start, end), length: end + 2 };
}
