import { strictEqual as equal, ok } from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint, Json } from '@seamkit/core';
import { belongings } from '@seamkit/core/inspect';
import type { ConformanceCase } from '../conformance-case';
import { family, isLoopback, listening, listeningSockets, processIds } from '../listening';
import { type Stage, until, withServer } from '../stage';
import { below, openToStrangers, stranger } from '../strangers';

/** Who can reach a server of ours, and who gets to know its passwords. */
export const secrecyCases: readonly ConformanceCase[] = [
  {
    name: 'its server listens on loopback only',
    shows: 'secrecy',
    owed: ({ runtime }) =>
      (runtime === 'process' && process.platform === 'linux') ||
      (runtime === 'container' && !/^tcp:/.test(process.env.DOCKER_HOST ?? '')), // else it is remote
    run: (stage) =>
      withServer(stage, async () => {
        let places: string[] = [];
        // The kernel's tables are read in pieces, and lines are missed while others change them.
        await until(async () => {
          places =
            stage.runtime === 'process'
              ? listening(family((await stage.status())!.pid))
              : await published(stage);
          return places.length > 0;
        }, 'the server to be seen listening');
        none(places.filter((place) => !isLoopback(place)));
      }),
  },
  {
    name: 'its ports, sockets and folders refuse whoever was not told its passwords',
    shows: 'secrecy',
    owed: ({ runtime }) => runtime === 'process' && process.platform === 'linux',
    async run(stage) {
      const { kit } = stage.harness.kit(stage.harness.options);
      const witness = await stage.opened();
      await witness.write('key', 'kept');
      const processes = async () => family((await stage.status())!.pid);
      await withServer(stage, async ({ endpoint }) => {
        const sockets = listeningSockets(await processes());
        ok(sockets.length > 0, "the keeper's own socket, at least");
        none(openToStrangers([...sockets, ...dataFolders(stage).flatMap(below)]));
        none(sockets.filter((path) => path.startsWith('@')));
        if (kit.supports.password === false) return;
        let ports: number[] = [];
        await until(async () => {
          ports = portsOf(await processes());
          return ports.length > 0;
        }, 'the server to be seen listening');
        const { intrude } = stage.harness;
        ok(intrude, 'the harness says how somebody would try to get in: intrude(port, …)');
        for (const port of ports) {
          const got = await intrude(port, endpoint, stranger);
          equal(got, undefined, `port ${port} lets strangers in: ${got}`);
        }
        await until(async () => {
          const now = portsOf(await processes());
          return ports.every((port) => now.includes(port));
        }, 'every port to be open still');
      });
      equal(await witness.read('key'), 'kept');
    },
  },
  {
    name: 'its passwords are new with each start, and nobody else is told',
    shows: 'secrecy',
    owed: ({ supports, runtime }) =>
      (runtime === 'process' || runtime === 'container') && supports.password !== false,
    async run(stage) {
      let first: string[] = [];
      await withServer(stage, async ({ endpoint }) => {
        first = passwords(endpoint);
        ok(
          first.length > 0 && first.every((password) => password.length >= 16),
          'passwords that nobody guesses',
        );
        const tells = (text: string) => first.some((password) => text.includes(password));
        if (process.platform === 'linux') {
          none(processIds().map(commandLine).filter(tells), 'command lines with a password');
        }
        none(openFolders(stage), 'folders that others may enter');
        ok(!tells(JSON.stringify(await stage.status())), "the keeper's status");
        const { output } = await stage.nodeTest(`test('opens', () => env.it);`, {
          SEAMKIT_LOG: 'debug',
        });
        ok(!tells(output), `what is printed:\n${output}`);
      });
      await stage.endKeeper();
      await withServer(stage, async ({ endpoint }) => {
        none(passwords(endpoint).filter((password) => first.includes(password)));
      });
    },
  },
];

function none(found: readonly string[], what?: string): void {
  equal(found.join('\n'), '', what);
}

/** Ports of the keeper's containers on this machine. */
async function published(stage: Stage): Promise<string[]> {
  const found: string[] = [];
  for (const entry of belongings(stage.workspace)) {
    if (entry.kind !== 'containers') continue;
    const { getContainerRuntimeClient } = require(entry.library);
    const { dockerode } = (await getContainerRuntimeClient()).container;
    for (const { Ports } of await dockerode.listContainers({ filters: { label: [entry.label] } })) {
      for (const { IP, PublicPort } of Ports) if (PublicPort) found.push(`tcp ${IP}:${PublicPort}`);
    }
  }
  return found;
}

/** Of the url, and all that an endpoint calls so. */
function passwords(endpoint: Endpoint): string[] {
  const named = (value: Json | undefined): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, member]) =>
      /password|secret/i.test(name) && typeof member === 'string' ? [member] : named(member),
    );
  };
  return [decodeURIComponent(new URL(endpoint.url).password), ...named(endpoint as Json)];
}

/** Root's servers read, by their own group, what the keeper wrote for them. */
const closed = process.getuid?.() === 0 ? 0o027 : 0o077;

/** Servers' folders that users other than the server's can look into. */
function openFolders(stage: Stage): string[] {
  return dataFolders(stage).flatMap((folder) =>
    readdirSync(folder)
      .map((name) => join(folder, name))
      .filter((path) => (statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & closed),
  );
}

function dataFolders(stage: Stage): string[] {
  return belongings(stage.workspace).flatMap((entry) =>
    entry.kind === 'folder' ? [entry.path] : [],
  );
}

function portsOf(pids: readonly number[]): number[] {
  const places = listening(pids).filter((place) => place.startsWith('tcp'));
  return [...new Set(places.map((place) => Number(/\d+$/.exec(place))))];
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // ended meanwhile
  }
}
