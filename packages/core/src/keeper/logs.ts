import type { ServerResponse } from 'node:http';
import type { LogsRequest, ServerLogLine } from '../protocol/messages';
import type { Servers } from './servers';

/**
 * Sends the log lines of a kit's servers, in the order of their times, one JSON object a line. With
 * `follow` it goes on until these servers have ended, or the reader has.
 */
export function sendLogs(
  { kit, follow }: LogsRequest,
  response: ServerResponse,
  servers: Servers,
): void {
  const logs = servers.logs(kit);
  const send = (line: ServerLogLine) => response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const past = logs.flatMap(({ lines }, index) =>
    lines.kept.map((line) => ({ ...line, server: index + 1 })),
  );
  for (const line of past.sort((a, b) => a.at - b.at)) send(line);

  const running = logs.flatMap(({ lines, ended }, index) =>
    ended ? { lines, ended, server: index + 1 } : [],
  );
  if (!follow || running.length === 0) return void response.end();
  const stops = running.map(({ lines, server }) =>
    lines.listen((line) => send({ ...line, server })),
  );
  response.once('close', () => {
    for (const stop of stops) stop();
  });
  Promise.all(running.map(({ ended }) => ended)).then(() => response.end());
}
