import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { runShort } from '../system/short-program';
import { makeOnce, needSpace } from './cache-folder';
import type { DebianHost } from './debian-host';
import { megabytes } from './megabytes';

type Progress = (text: string) => void;

/** A package in one version, as apt would fetch it. */
export interface Package {
  name: string;
  version: string;
  /** bytes */
  size: number;
}

/** The suite is not on this mirror, or cannot be verified with this machine's keys. */
export class SuiteMissing extends Error {
  /** What apt says of the signature, where that is the reason. */
  get signature(): string[] | undefined {
    const lines = errorLines(String((this.cause as Error).message));
    return lines.some((line) => unverified.test(line)) ? lines : undefined;
  }
}

const unverified = /NO_PUBKEY|not signed|signatures? (?:were|was|is) invalid|invalid signature/;

/** bytes to have free before a suite's lists are read; they take up to 33 MB meanwhile, 23 at rest */
const listsSpace = 60e6;
/** ms; apt waits for ever where the disk fills up while it reads lists. Below a step's deadline. */
const patience = 570_000;
const listsLife = 24 * 60 * 60 * 1000;
const listsInUse = 60 * 60 * 1000;

/** What of the host's apt configuration still counts: how to reach its mirror. */
const kept = /^Acquire::(https?|ftp|Retries|Check-|ForceIPv|Proxy|Source-Symlinks)/i;

/**
 * Apt for one suite, with a configuration, sources and lists of its own: the system's apt is
 * neither needed to be set up nor touched, and no rights are needed.
 */
export class Apt {
  private constructor(
    /** Sources, lists and configuration. */
    private readonly folder: string,
    private readonly host: DebianHost,
    readonly suite: string,
  ) {}

  /**
   * The suite's package lists in the cache, fetched where they are older than a day, or anew when
   * `stale` (the lists that turned out to be) are given.
   * @throws SuiteMissing; SeamkitError `DOWNLOAD_FAILED`
   */
  static async open(
    cache: string,
    host: DebianHost,
    suite: string,
    progress: Progress,
    stale?: Apt,
  ): Promise<Apt> {
    const sources = host.sources(suite);
    const name = `${suite}-${host.architecture}-${fingerprint(sources).slice(0, 8)}`;
    const base = join(cache, 'apt', name);
    await mkdir(base, { recursive: true, mode: 0o755 });
    const latest = (await readdir(base))
      .filter((entry) => /^\d+$/.test(entry))
      .sort()
      .at(-1);
    const now = Date.now();
    if (latest && !stale && now - Number(latest) < listsLife) {
      return new Apt(join(base, latest), host, suite);
    }
    await needSpace(cache, listsSpace);
    // Named by the minute, so that processes which come at once make them once.
    const place = join(base, String(now - (now % 60_000)));
    const title = `reading the package lists of ${host.id} ${suite}`;
    await makeOnce(
      place,
      title,
      (folder) => {
        progress('downloading');
        return new Apt(folder, host, suite).update(sources);
      },
      progress,
    );
    for (const old of await readdir(base)) {
      if (now - Number(old) > listsInUse)
        await rm(join(base, old), { recursive: true, force: true });
    }
    return new Apt(place, host, suite);
  }

  /** Versions of these packages in this suite, newest first. */
  async versions(names: readonly string[]): Promise<Map<string, string[]>> {
    const output = await this.run('apt-cache', ['madison', ...new Set(names)]).catch((error) => {
      throw this.failed(error, 'its package lists could not be read');
    });
    const found = new Map(names.map((name) => [name, [] as string[]]));
    for (const [, name, version] of output.matchAll(/^\s*(\S+) \|\s*(\S+) \|/gm)) {
      found.get(name!)?.push(version!);
    }
    return found;
  }

  /**
   * What has to be fetched for these packages (`name` or `name=version`): they themselves, and what
   * they depend on; less what the host has, where `lessHost`. Undefined where apt finds no solution.
   */
  async closure(packages: readonly string[], lessHost: boolean): Promise<Package[] | undefined> {
    const status = lessHost ? this.host.status : join(this.folder, 'status');
    const output = await this.run('apt-get', [
      ...['install', '--print-uris', '-qq', '-y', '--reinstall', '--allow-downgrades'],
      ...['--allow-change-held-packages', '-o', `Dir::State::status=${status}`],
      ...packages,
    ]).catch((error) => {
      if (error instanceof AptFailure) return undefined;
      throw error;
    });
    if (output === undefined) return undefined;
    return [...output.matchAll(/^'\S+' (\S+?)_(\S+?)_\S+\.deb (\d+)/gm)].map(
      ([, name, version, size]) => ({
        name: name!,
        version: decodeURIComponent(version!),
        size: Number(size),
      }),
    );
  }

  /**
   * Fetches packages into `folder`, verified by apt.
   * @throws SeamkitError `DOWNLOAD_FAILED`
   */
  async download(packages: readonly Package[], folder: string, progress: Progress): Promise<void> {
    await mkdir(folder, { recursive: true });
    const total = packages.reduce((sum, { size }) => sum + size, 0);
    let shown = 0;
    const timer = setInterval(async () => {
      const done = await sizeOf(folder).catch(() => 0);
      if (done > shown) progress(`${megabytes(done)} of ${megabytes(total)} MB`);
      shown = done;
    }, 500);
    try {
      const wanted = packages.map(({ name, version }) => `${name}=${version}`);
      await this.run('apt-get', ['download', '-q', ...wanted], folder);
    } catch (error) {
      throw this.failed(error, `${packages.length} packages could not be fetched`);
    } finally {
      clearInterval(timer);
    }
  }

  private async update(sources: string): Promise<void> {
    const folders = ['sources', 'lists/partial', 'cache/archives/partial'];
    for (const name of folders) await mkdir(join(this.folder, name), { recursive: true });
    await writeFile(join(this.folder, 'sources', 'seamkit.sources'), sources);
    await writeFile(join(this.folder, 'status'), '');
    const hosts = await execute('apt-config', ['dump'], { LC_ALL: 'C' });
    await writeFile(
      join(this.folder, 'apt.conf'),
      [
        'Acquire::Retries "1";',
        ...hosts.split('\n').filter((line) => kept.test(line)),
        // The host's other settings may hold hooks, and lists that we do not read.
        'Dir::Etc::parts "/dev/null";',
        'Dir::Etc::main "/dev/null";',
        `APT::Architecture "${this.host.architecture}";`,
        `APT::Architectures { "${this.host.architecture}"; };`,
        'APT::Install-Recommends "false";',
        'APT::Get::AllowUnauthenticated "false";',
        'APT::Sandbox::User "";',
        'Acquire::ForceHash "SHA256";',
        'Acquire::Languages "none";',
        'Acquire::GzipIndexes "true";',
        'Acquire::http::Timeout "30";',
        'Acquire::https::Timeout "30";',
        'Debug::NoLocking "true";',
      ].join('\n'),
    );
    try {
      await this.run('apt-get', ['update', '-q', '-o', 'APT::Update::Error-Mode=any']);
    } catch (error) {
      const text = String((error as Error).message);
      if (/404 +Not Found|does not have a Release file/.test(text) || unverified.test(text)) {
        throw new SuiteMissing(lastWords(text), { cause: error });
      }
      throw this.failed(error, 'its package lists could not be read');
    }
  }

  private run(command: string, args: readonly string[], cwd?: string): Promise<string> {
    const at = (name: string) => join(this.folder, name);
    return execute(
      command,
      [
        ...['-o', `Dir::State=${this.folder}`],
        ...['-o', `Dir::State::lists=${at('lists')}`],
        ...['-o', `Dir::State::status=${at('status')}`],
        ...['-o', `Dir::Cache=${at('cache')}`],
        ...['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache='],
        ...['-o', 'Dir::Etc::sourcelist=/dev/null'],
        ...['-o', `Dir::Etc::sourceparts=${at('sources')}`],
        ...args,
      ],
      { LC_ALL: 'C', APT_CONFIG: at('apt.conf'), DEBIAN_FRONTEND: 'noninteractive' },
      cwd,
    );
  }

  private failed(error: unknown, what: string): unknown {
    if (!(error instanceof AptFailure)) return error;
    if (/No space left|enough free space/.test(error.message)) {
      return Object.assign(new Error(lastWords(error.message)), { code: 'ENOSPC' });
    }
    return new SeamkitError('DOWNLOAD_FAILED', `${this.host.id} ${this.suite}: ${what}`, {
      cause: error,
      log: errorLines(error.message),
    });
  }
}

class AptFailure extends Error {}

async function execute(
  command: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): Promise<string> {
  const timeout = patience;
  const ran = await runShort(command, args, { cwd, env: { ...process.env, ...env }, timeout });
  if (ran.failure) throw new AptFailure(ran.stderr || `${command} ${ran.failure}`);
  return ran.stdout;
}

function errorLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^[EW]:|^ {3}/.test(line))
    .slice(-10);
}

function lastWords(text: string): string {
  return (
    text
      .split('\n')
      .find((line) => line.startsWith('E:'))
      ?.slice(3) ?? text.trim()
  );
}

async function sizeOf(folder: string): Promise<number> {
  let sum = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return sum;
}
