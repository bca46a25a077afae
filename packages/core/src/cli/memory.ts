import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { findTestcontainers } from '../runtime/container';
import { connectEngine } from '../runtime/engine';
import { installedKits, isServerKit } from './installed-kits';

/** bytes of a server's process groups or containers; undefined where that cannot be told. */
export async function memoryOf(
  groups: readonly number[],
  containers: readonly string[],
): Promise<number | undefined> {
  const parts = await Promise.all([...groups.map(ofGroup), ...containers.map(ofContainer)]);
  const known = parts.filter((part) => part !== undefined);
  return known.length ? known.reduce((sum, part) => sum + part, 0) : undefined;
}

function ofGroup(leader: number): number | undefined {
  try {
    return process.platform === 'linux' ? ofGroupLinux(leader) : ofGroupPosix(leader);
  } catch {
    return undefined;
  }
}

function ofGroupLinux(leader: number): number | undefined {
  const members = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && groupOf(pid) === leader,
  );
  return members.length ? members.reduce((sum, pid) => sum + ofProcess(pid), 0) : undefined;
}

/** proc(5): after the command in parentheses come state, parent, group. */
function groupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return undefined; // it ended meanwhile
  }
}

/** Shared pages by their share, so that they count once; where we may not see that, all of them. */
function ofProcess(pid: string): number {
  for (const [file, line] of [
    ['smaps_rollup', /^Pss:\s+(\d+) kB/m],
    ['status', /^VmRSS:\s+(\d+) kB/m],
  ] as const) {
    try {
      const kilobytes = line.exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))?.[1];
      if (kilobytes) return Number(kilobytes) * 1024;
    } catch {
      // Another user's, or ended.
    }
  }
  return 0;
}

function ofGroupPosix(leader: number): number | undefined {
  const lines = execFileSync('ps', ['-A', '-o', 'pgid=,rss='], { encoding: 'utf8' }).split('\n');
  const members = lines.map((line) => line.trim().split(/\s+/).map(Number));
  const own = members.filter(([group]) => group === leader);
  return own.length ? own.reduce((sum, [, kilobytes]) => sum + kilobytes! * 1024, 0) : undefined;
}

async function ofContainer(id: string): Promise<number | undefined> {
  try {
    const kit = installedKits().kits.find(isServerKit);
    const { client } = await connectEngine(findTestcontainers(kit!.boundary.kit.server));
    const stats = await client.container.dockerode
      .getContainer(id)
      .stats({ stream: false, 'one-shot': true });
    return stats.memory_stats.usage;
  } catch {
    return undefined; // no engine that we know how to ask
  }
}
