import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

// A connection of a kit's own keeps its process only while an answer is due.

/** A child that connects to a server which does `serve`, writes once, and prints what it reads. */
async function child(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const script = `
    const { letProcessEnd } = require('@seamkit/core');
    const socket = require('node:net').connect(${port}, '127.0.0.1', () => {
      letProcessEnd(socket);
      socket.write('question');
    });
    socket.on('data', (data) => process.stdout.write(data));`;
  try {
    const options = { cwd: __dirname, timeout: 30_000 };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], options);
    return stdout;
  } finally {
    server.close();
  }
}

test('an answer that takes its time is waited for, and nothing after it', async () => {
  const slow = 600; // ms: many of its looks
  expect(await child((socket) => void delay(slow).then(() => socket.write('answer')))).toBe(
    'answer',
  );
});

test('what is never answered is not waited for', async () => {
  expect(await child(() => {})).toBe('');
});
