import { dirname, join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeName, ServerKit } from '../contract';
import { type ErrorData, SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { findWorkspace } from '../project/workspace';
import { call } from '../protocol/call';
import { neighbours } from '../protocol/keepers';
import type { HeldSandbox, Urls } from '../protocol/messages';
import { shellWord } from '../shell-word';
import { tryLock } from '../system/lock';
import { stateFolder, unwritable } from '../system/private-folder';
import { chooseRuntime } from '../test-process/choose-runtime';
import type { EnsuredServer, ServerBoundary } from '../test-process/ensure-server';
import { KeeperConnection } from '../test-process/keeper-connection';
import { ServerSandbox } from '../test-process/server-sandbox';
import { serverKits } from './installed-kits';
import { columns, paint, type Result, tell } from './output';
import { projectConfig } from './project-config';

const pollInterval = 50;

interface ServerOfKit {
  name: string;
  boundary: ServerBoundary;
}

interface UpServer {
  kit: string;
  runtime: RuntimeName;
  version?: string;
  url: string;
  variables: Record<string, string>;
  /** It was up before. */
  already: boolean;
}

interface Report {
  servers: UpServer[];
  failed: { kit: string; error: ErrorData }[];
}

/**
 * `seamkit up`: for each kit a server and a sandbox on it, held by the keeper until `down`. What is
 * up already stays as it is. Of several at once, one works while the others wait.
 */
export async function up(names: readonly string[], { env = false }): Promise<Result> {
  const kits = await wanted(names);
  if (kits.length === 0) {
    throw new SeamkitError('OPTION_INVALID', 'no kit that has a server is installed here', {
      hint: 'install one, e.g.: npm install --save-dev @seamkit/postgres; or run this where it is installed',
    });
  }
  const unlock = await lockUp();
  try {
    const before = await heldHere();
    const results = await Promise.allSettled(
      kits.map((kit) =>
        bringUp(
          kit,
          before.find((held) => held.kit === kit.name),
        ),
      ),
    );
    const report: Report = { servers: [], failed: [] };
    for (const [index, result] of results.entries()) {
      const { name } = kits[index]!;
      if (result.status === 'fulfilled') report.servers.push(result.value);
      else {
        const error = SeamkitError.wrap(result.reason, 'START_FAILED', `${name} did not start`);
        report.failed.push({ kit: name, error: error.toData() });
        tell(`${paint('red', 'seamkit:')} ${error.message}`);
      }
    }
    const lines = env ? report.servers.flatMap(environmentLines) : render(report);
    return { data: report, lines, failed: report.failed.length > 0 };
  } finally {
    unlock();
  }
}

/** By the project's config where it has one: its versions, its `prepare`. */
async function wanted(names: readonly string[]): Promise<ServerOfKit[]> {
  const configured = Object.entries((await projectConfig())?.boundaries ?? {})
    .filter(([, { kit }]) => kit.kind === 'server')
    .map(([name, boundary]) => ({ name, boundary: boundary as ServerBoundary }));
  const kits =
    names.length === 0 && configured.length > 0
      ? configured.map(({ boundary }) => ({ name: boundary.kit.name, boundary }))
      : serverKits(names);
  return kits.map(({ name, boundary }) => {
    const own = configured.filter((one) => one.boundary.kit.name === name);
    if (own.length > 1) throw several(name, own);
    return { name, boundary: own[0]?.boundary ?? boundary };
  });
}

/** What is up is known by its kit, so there is one of each. */
function several(kit: string, own: readonly { name: string }[]): SeamkitError {
  const names = own.map(({ name }) => name).join(', ');
  return new SeamkitError(
    'OPTION_INVALID',
    `seamkit.config has several boundaries of ${kit} (${names}), and up starts one of each kit`,
    { hint: 'open them all for one command: seamkit run -- npm start; or name other kits' },
  );
}

/** What this workspace's keepers hold. */
export async function heldHere(): Promise<HeldSandbox[]> {
  const found = await neighbours(findWorkspace());
  const urls = await Promise.all(
    found.map(({ socket }) =>
      call(socket, '/urls', null).catch((): Urls => ({ held: [], servers: [] })),
    ),
  );
  return urls.flatMap(({ held }) => held);
}

/** So that what is up changes by one command at a time. */
export async function lockUp(): Promise<() => void> {
  const path = join(stateFolder(), `up-${fingerprint(findWorkspace())}`);
  for (let told = false; ; told = true) {
    const unlock = take(path);
    if (unlock) return unlock;
    if (!told) tell('another seamkit up or down is at it: waiting');
    await delay(pollInterval);
  }
}

function take(path: string): (() => void) | undefined {
  try {
    return tryLock(path);
  } catch (error) {
    throw unwritable(dirname(path), error);
  }
}

async function bringUp(
  { name, boundary }: ServerOfKit,
  held: HeldSandbox | undefined,
): Promise<UpServer> {
  if (held) return shown(held, true);
  const { runtime, url } = await chooseRuntime(boundary.kit, {});
  // Somebody else's, and up already; a sandbox there would be swept once this process has gone.
  if (runtime === 'external') {
    return { kit: name, runtime, url: url!, variables: { [variable(name)]: url! }, already: true };
  }
  const waiting = setInterval(() => tell(`${name}: still starting`), 10_000);
  tell(`${name}: starting`);
  const keeper = new KeeperConnection();
  try {
    const sandbox = new ServerSandbox(boundary, keeper, { boundary: name, test: {} });
    await sandbox.open();
    return shown(
      await sandbox.leave((members, server) => describe(boundary.kit, members, server)),
      false,
    );
  } finally {
    clearInterval(waiting);
    await keeper.close();
  }
}

function describe(
  kit: ServerKit<any, any>,
  members: object,
  { key, runtime, endpoint }: EnsuredServer,
): HeldSandbox {
  const { url } = members as { url: string };
  const variables = { [variable(kit.name)]: url, ...kit.variables?.(members) };
  return { kit: kit.name, server: key, runtime, version: endpoint.version, url, variables };
}

/** `POSTGRES_URL`; not `SEAMKIT_POSTGRES_URL`, which would make an external server of it for tests. */
function variable(kit: string): string {
  return `${kit.toUpperCase().replaceAll('-', '_')}_URL`;
}

function shown({ kit, runtime, version, url, variables }: HeldSandbox, already: boolean): UpServer {
  return { kit, runtime, version, url, variables, already };
}

function render({ servers }: Report): string[] {
  if (servers.length === 0) return [];
  const rows = servers.map(({ kit, version, runtime, url, already }) => [
    paint('bold', kit),
    version ?? '',
    runtime,
    already ? 'was up' : 'started',
    url,
  ]);
  return [
    ...columns(rows),
    '',
    ...servers.flatMap(environmentLines),
    '',
    paint('dim', 'Up until `seamkit down`. The lines above alone: seamkit up --env'),
  ];
}

/** Lines that dotenv and shells read; quoted only where a shell must not read them otherwise. */
function environmentLines({ variables }: UpServer): string[] {
  return Object.entries(variables).map(([name, value]) => `${name}=${shellWord(value)}`);
}
