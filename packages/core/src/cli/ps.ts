import { findWorkspace } from '../project/workspace';
import { neighbours } from '../protocol/keepers';
import type { ServerStatus } from '../protocol/messages';
import { memoryOf } from './memory';
import { columns, duration, paint, type Result, size } from './output';
import { plural } from './server-table';

interface ServerRow {
  workspace: string;
  kit: string;
  version?: string;
  runtime: string;
  state: string;
  /** Where its program or image came from. */
  source?: string;
  processes: number[];
  containers: string[];
  /** bytes, of its processes or containers; absent where this system does not tell. */
  memory?: number;
  sandboxes: number;
  /** ISO 8601. */
  since: string;
  /** Without its password. */
  url?: string;
  /** `seamkit up` holds a sandbox on it. */
  up: boolean;
}

/** `seamkit ps`: the servers that run in this workspace, or in all of this user's. */
export async function ps({ all = false }): Promise<Result> {
  const found = await neighbours(all ? undefined : findWorkspace());
  const rows = await Promise.all(
    found.flatMap(({ status }) =>
      status.servers
        .filter(({ state }) => state !== 'ended')
        .map((server) => row(status.workspace, server, status.held.includes(server.kit))),
    ),
  );
  rows.sort((a, b) => a.kit.localeCompare(b.kit));
  return { data: { servers: rows }, lines: render(rows, all) };
}

async function row(workspace: string, server: ServerStatus, up: boolean): Promise<ServerRow> {
  const { kit, version, runtime, state, source, processes, containers, sandboxes, url } = server;
  return {
    workspace,
    ...{ kit, version, runtime, state, source, processes, containers },
    memory: await memoryOf(processes, containers),
    sandboxes,
    since: new Date(server.startedAt).toISOString(),
    url,
    up,
  };
}

function render(rows: readonly ServerRow[], all: boolean): string[] {
  if (rows.length === 0) {
    return [
      all ? 'No server runs.' : 'No server runs in this workspace. seamkit ps --all looks further.',
    ];
  }
  const head = ['KIT', 'RUNTIME', 'PROCESS', 'MEMORY', 'SANDBOXES', 'SINCE', '', 'URL'];
  const ofWorkspace = (workspace: string) =>
    rows
      .filter((one) => one.workspace === workspace)
      .map((one) => [
        `${one.kit} ${one.version ?? ''}`.trim(),
        one.runtime,
        [...one.processes, ...one.containers.map((id) => id.slice(0, 12))].join(', '),
        one.memory === undefined ? '' : size(one.memory),
        plural(one.sandboxes, 'sandbox', 'sandboxes'),
        duration(Date.now() - Date.parse(one.since)),
        one.up ? 'up' : '',
        one.url ?? one.state,
      ]);
  return [...new Set(rows.map(({ workspace }) => workspace))].flatMap((workspace) => [
    ...(all ? [paint('bold', workspace)] : []),
    ...columns([head.map((title) => paint('dim', title)), ...ofWorkspace(workspace)]),
  ]);
}
