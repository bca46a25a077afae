import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianSource, Program, ProgramSpec } from '../contract';
import { SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { variable } from '../variables';
import { Apt, type Package, SuiteMissing } from './apt';
import { cacheFolder, makeOnce, needSpace } from './cache-folder';
import { cachedRoot, type Manifest, markDefault, programOf, writeManifest } from './debian-cache';
import { type DebianHost, debianHost, installedOn } from './debian-host';
import { DownloadAhead } from './download-ahead';
import type { Search, Where } from './find';
import { megabytes } from './megabytes';
import { libraryFolders, throughLoader, unpack, wrapExecutables } from './unpack';
import { askVersion, fits, upstreamVersion } from './version';

/** bytes on disk for a byte to fetch, with the package itself; measured 3.5 to 4.8 */
const growth = 5;

/** Depended on for the sake of an installation; nothing that runs from a folder needs them. */
const installersOnly =
  /^(adduser|base-passwd|debconf|dpkg|init-system-helpers|libc-l10n|libperl.*|libsystemd-shared|locales|login.*|passwd|perl.*|procps|sensible-utils|ssl-cert|systemd|sysvinit-utils|ucf)$/;

/** What is to be fetched for a source, and how it will run. */
interface Selection {
  source: DebianSource;
  version: string;
  packages: readonly Package[];
  /** The host's packages that it needs; undefined where it brings its own C library. */
  fromHost?: readonly string[];
}

/**
 * The program from the distribution's packages, unpacked in the cache: from the machine's own suite
 * where that has the version, else from a newer or older one.
 * @throws SeamkitError `DOWNLOAD_FAILED`, `FOLDER_UNUSABLE`
 */
export async function debianProgram(
  spec: ProgramSpec,
  where: Where,
  search: Search,
): Promise<Omit<Program, 'sibling'> | undefined> {
  if (!spec.debian?.length) return undefined;
  const host =
    process.platform === 'linux'
      ? debianHost(where.system)
      : { reason: 'only on Debian and Ubuntu' };
  if ('reason' in host) {
    search.tried.push(`the distribution's packages: ${host.reason}`);
    return undefined;
  }
  const cache = cacheFolder(where.env);
  const cached = await cachedRoot(cache, spec, host);
  if (cached) return cached;
  search.tried.push(`the cache ${cache}: nothing that fits`);
  if (variable('SEAMKIT_DOWNLOAD', where.env) === '0') {
    search.tried.push(`a download from ${host.id}'s archive: forbidden by SEAMKIT_DOWNLOAD=0`);
    return undefined;
  }
  for (const suite of host.suites) {
    const found = await new Download(cache, host, suite, spec, where, search).run();
    if (found) return found;
  }
  if (!search.signature) return undefined;
  throw new SeamkitError(
    'DOWNLOAD_FAILED',
    `the signature of ${host.id} ${host.codename} is not one that this machine trusts`,
    {
      log: search.signature,
      hint: `check that apt itself works: sudo apt-get update; the archive's keys are in the package ${host.id}-archive-keyring or ${host.id}-keyring`,
    },
  );
}

/** A program from one suite. */
class Download {
  constructor(
    private readonly cache: string,
    private readonly host: DebianHost,
    private readonly suite: string,
    private readonly spec: ProgramSpec,
    private readonly where: Where,
    private readonly search: Search,
  ) {}

  async run(stale?: Apt): Promise<Omit<Program, 'sibling'> | undefined> {
    const { cache, host, suite, spec, where } = this;
    const name = `${host.id} ${suite}`;
    const apt = await where
      .step(`package lists of ${name}`, (progress) => Apt.open(cache, host, suite, progress, stale))
      .catch((error) => {
        if (error instanceof SuiteMissing) return error;
        throw error;
      });
    if (apt instanceof SuiteMissing) {
      this.search.tried.push(`${name}: ${apt.message}`);
      // Of another suite this machine may lack the keys; of its own that is no matter of course.
      if (suite === host.codename) this.search.signature = apt.signature;
      return undefined;
    }
    const selection = await this.select(apt);
    if (!selection) return undefined;
    try {
      const root = await this.fetch(apt, selection);
      if (!spec.version) await markDefault(root, spec);
      return await programOf(root, selection.source);
    } catch (error) {
      // The archive moved on since the lists were read.
      const gone = error instanceof SeamkitError && error.log?.some((line) => /404/.test(line));
      if (gone && !stale) return this.run(apt);
      throw error;
    }
  }

  /** The first source that this suite can give in the wanted version. */
  private async select(apt: Apt): Promise<Selection | undefined> {
    const { host, suite, spec, search } = this;
    const name = `${host.id} ${suite}`;
    const versions = await apt.versions(spec.debian!.map(({ packages }) => packages[0]!));
    for (const source of spec.debian!) {
      const [first, ...others] = source.packages;
      const offered = versions.get(first!)!;
      if (!offered.length) search.tried.push(`${name}: no package ${first}`);
      for (const offer of offered) {
        const version = upstreamVersion(offer);
        if (!fits(version, spec)) {
          search.tried.push(`${name}: ${first} ${version}`);
          search.versions.push(`${version} (${name})`);
          continue;
        }
        const wanted = [`${first}=${offer}`, ...others];
        const [whole, missing] = await Promise.all([
          apt.closure(wanted, false),
          suite === host.codename ? apt.closure(wanted, true) : undefined,
        ]);
        // A root that holds a C library cannot share the process with the host's libraries.
        if (missing && !missing.some(({ name }) => name === 'libc6')) {
          const fetched = new Set(missing.map(({ name }) => name));
          const installed = await installedOn(host);
          const fromHost = (whole ?? [])
            .map(({ name }) => name)
            .filter((name) => installed.has(name) && !fetched.has(name));
          return { source, version, packages: missing, fromHost };
        }
        if (whole) {
          const packages = whole.filter(
            ({ name }) => source.packages.includes(name) || !installersOnly.test(name),
          );
          return { source, version, packages };
        }
        search.tried.push(`${name}: apt finds no way to install ${wanted.join(' ')}`);
      }
    }
    return undefined;
  }

  private async fetch(apt: Apt, selection: Selection): Promise<string> {
    const { cache, host, suite, spec } = this;
    const { source, version, packages, fromHost } = selection;
    const bytes = packages.reduce((sum, { size }) => sum + size, 0);
    const list = packages.map(({ name, version }) => `${name}=${version}`).sort();
    const place = join(
      ...[cache, 'debian', `${suite}-${host.architecture}`],
      `${source.packages[0]}-${version}-${fingerprint([list, source.packages, !fromHost])}`,
    );
    if (existsSync(place)) return place;
    await needSpace(cache, bytes * growth);

    const title = `${spec.command} ${version} from ${host.id} ${suite} (${packages.length} packages, ${megabytes(bytes)} MB)`;
    if (this.where.rehearsal) throw new DownloadAhead(title);
    return this.where.step(title, (progress) =>
      makeOnce(
        place,
        title,
        async (root) => {
          progress('downloading');
          const debs = join(root, 'debs');
          await apt.download(packages, debs, progress);
          const files = (await readdir(debs)).filter((file) => file.endsWith('.deb'));
          const paths = files.map((file) => join(debs, file));
          await unpack(paths, root, progress);
          await rm(debs, { recursive: true });
          const libraries = await libraryFolders(root);
          await this.check(root, libraries, selection);
          const manifest: Manifest = {
            suite,
            system: host.id,
            architecture: host.architecture,
            packages: source.packages,
            version,
            libraries,
            host: fromHost && { codename: host.codename, packages: fromHost },
          };
          await writeManifest(root, manifest);
          if (!fromHost) await wrapExecutables(root, place, libraries);
        },
        progress,
      ),
    );
  }

  /** That the program is there and runs, before anybody can take it for whole. */
  private async check(root: string, libraries: readonly string[], selection: Selection) {
    const { source, fromHost, version } = selection;
    const { command, versionArgs } = this.spec;
    const path = join(root, source.path);
    const failed = (what: string) =>
      new SeamkitError('DOWNLOAD_FAILED', `${command} ${version} of ${this.suite} ${what}`);
    if (!existsSync(path)) throw failed(`is not at ${source.path} in its packages`);
    if (versionArgs?.length === 0) return;
    const loader = fromHost ? [] : await throughLoader(root, libraries, source.path);
    const folders = libraries.map((folder) => join(root, folder)).join(':');
    const env = fromHost && folders ? { LD_LIBRARY_PATH: folders } : undefined;
    const answer = await askVersion({ path, loader, env }, versionArgs);
    if ('reason' in answer) throw failed(`does not run here: ${answer.reason}`);
  }
}
