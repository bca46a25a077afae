import type { ServerStatus } from '../protocol/messages';

/** Servers as lines of text: what ran, as what, from where, and what its start cost. */
export function serverTable(servers: readonly ServerStatus[]): string[] {
  const rows = servers.map((server) => [
    `${server.kit} ${server.version ?? ''}`.trim(),
    server.runtime,
    server.source ?? '',
    server.state === 'starting' ? 'starting' : readyIn(server),
    plural(server.sandboxes, 'sandbox', 'sandboxes'),
    server.state === 'ended' ? 'ended' : '',
  ]);
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function readyIn({ startMs, setupMs }: ServerStatus): string {
  if (startMs === undefined) return '';
  const setup = setupMs && setupMs > 500 ? ` (after ${seconds(setupMs)} of first-time set-up)` : '';
  return `ready in ${startMs < 1000 ? `${startMs} ms` : seconds(startMs)}${setup}`;
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
