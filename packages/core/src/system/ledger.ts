import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../within';
import { dropLock } from './lock';
import { unwritable } from './private-folder';
import { isAlive, pidOf } from './process-identity';
import { removeSegments } from './shared-memory';

/** ms that an engine may take to list or remove what a label names. */
const enginePatience = 10_000;

/** Something that must not outlive its keeper. */
export type Entry =
  /** A process group, named by its leader. */
  | { kind: 'group'; leader: string }
  | { kind: 'folder'; path: string }
  /** A lock file of this keeper's; another's in its place stays. */
  | { kind: 'lock'; path: string }
  /** Every container, network and volume with this label, and the engine library to remove them with. */
  | { kind: 'containers'; label: string; library: string };

/**
 * What a keeper owns, on disk before it exists, so that whoever survives (the leash, the next
 * keeper) can remove it. One file per entry, each written whole.
 */
export class Ledger {
  constructor(private readonly folder: string) {}

  /**
   * @returns how to strike the entry out, once the thing is gone
   * @throws SeamkitError `FOLDER_UNUSABLE` where the disk is full
   */
  add(entry: Entry): () => void {
    const name = randomBytes(6).toString('hex');
    const path = join(this.folder, `${name}.json`);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.tmp`, JSON.stringify(entry), { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      throw unwritable(this.folder, error);
    }
    return () => rmSync(path, { force: true });
  }

  /** Those of this moment: its keeper strikes entries out, or whoever survives removes them all. */
  entries(): Entry[] {
    const names = ifThere(() => readdirSync(this.folder)) ?? [];
    return names
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => {
        const text = ifThere(() => readFileSync(join(this.folder, name), 'utf8'));
        return (text && parse(text)) || [];
      });
  }

  /**
   * Removes everything that is listed: processes first, then what they used. Never throws.
   * @returns whether all of it could be removed; not where an engine is away
   */
  async sweep(): Promise<boolean> {
    const entries = this.entries();
    for (const entry of entries) if (entry.kind === 'group') killGroup(entry.leader);
    await removeSegments(
      entries.flatMap((entry) => (entry.kind === 'group' ? (pidOf(entry.leader) ?? []) : [])),
    );
    for (const entry of entries) if (entry.kind === 'folder') removeFolder(entry.path);
    for (const entry of entries) if (entry.kind === 'lock') removeLock(entry.path);
    const containers = entries.filter((entry) => entry.kind === 'containers');
    const removeAll = async () => {
      const removed = containers.map(({ label, library }) => removeContainers(label, library));
      return (await Promise.all(removed)).every(Boolean);
    };
    if (!(await removeAll())) return false;
    // What the engine was making when who asked for it was killed may come only now.
    return containers.length === 0 || delay(500).then(removeAll);
  }
}

/** Kills a whole process group, unless its leader's pid now belongs to somebody else. */
export function killGroup(leader: string): void {
  const pid = pidOf(leader);
  // A dead leader may have left children; its pid is not given to a new process while its group lives.
  if (pid === undefined || (!isAlive(leader) && isTaken(pid))) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

/** Removes a folder whose processes may still be dying and writing. Never throws. */
export function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  } catch {
    // Swept by the next keeper.
  }
}

function removeLock(path: string): void {
  try {
    dropLock(path);
  } catch {
    // No room even for a lock: it is free to take, since its owner is dead.
  }
}

/**
 * Removes all containers, networks and volumes with a label, through the engine client that
 * `library` ships. Never rejects.
 * @returns whether none is left; not where the engine does not answer
 */
export async function removeContainers(label: string, library: string): Promise<boolean> {
  try {
    return await withEngine(library, async (dockerode) => {
      const { containers, networks, volumes } = await labelled(dockerode, label);
      const each = <T>(list: T[], remove: (one: T) => Promise<unknown>) =>
        Promise.all(list.map((one) => remove(one).catch(() => {})));
      await each(containers, (id) => dockerode.getContainer(id).remove({ force: true, v: true }));
      await each(networks, (id) => dockerode.getNetwork(id).remove());
      await each(volumes, (name) => dockerode.getVolume(name).remove({ force: true }));
      return Object.values(await labelled(dockerode, label)).every(({ length }) => length === 0);
    });
  } catch {
    return false; // stopped or restarting; its containers come back with it
  }
}

/** Works with the engine that the client `library` finds. Rejects where that does not answer in time. */
export function withEngine<R>(library: string, work: (dockerode: any) => Promise<R>): Promise<R> {
  const { getContainerRuntimeClient } = require(library);
  return within(
    enginePatience,
    async () => work((await getContainerRuntimeClient()).container.dockerode),
    () => new Error(`the engine did not answer within ${enginePatience} ms`),
  );
}

/** What on an engine has a label, by id; volumes by name. */
export async function labelled(
  dockerode: any,
  label: string,
): Promise<{ containers: string[]; networks: string[]; volumes: string[] }> {
  const filters = { label: [label] };
  const [containers, networks, volumes] = await Promise.all([
    dockerode.listContainers({ all: true, filters }),
    dockerode.listNetworks({ filters }),
    dockerode.listVolumes({ filters }),
  ]);
  return {
    containers: containers.map(({ Id }: { Id: string }) => Id),
    networks: networks.map(({ Id }: { Id: string }) => Id),
    volumes: (volumes.Volumes ?? []).map(({ Name }: { Name: string }) => Name),
  };
}

function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What `read` gives; undefined where the file has just gone. */
export function ifThere<R>(read: () => R): R | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parse(text: string): Entry | undefined {
  try {
    const entry = JSON.parse(text) as Entry;
    if (entry.kind === 'group' && typeof entry.leader === 'string') return entry;
    if (entry.kind === 'folder' && typeof entry.path === 'string') return entry;
    if (entry.kind === 'lock' && typeof entry.path === 'string') return entry;
    if (entry.kind === 'containers' && typeof entry.label === 'string') return entry;
  } catch {
    // Truncated or not ours: nothing that could be acted on safely.
  }
  return undefined;
}
