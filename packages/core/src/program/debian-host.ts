import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type AptSource, parseSources, writeSources } from './apt-sources';

/** A Debian or Ubuntu machine, as far as its packages matter. */
export interface DebianHost {
  id: 'debian' | 'ubuntu';
  codename: string;
  architecture: string;
  /** Its own suite, then newer ones, then older ones. */
  suites: readonly string[];
  /** dpkg's list of what is installed. */
  status: string;
  /** Apt sources (deb822) for a suite, on the mirror that this machine itself uses. */
  sources(suite: string): string;
}

/**
 * Suites in the order of their release. None older than a loader that knows `--argv0`. A mirror
 * may lack some; those are passed over.
 */
const releases = {
  debian: ['bookworm', 'trixie', 'forky', 'sid'],
  ubuntu: ['jammy', 'noble', 'questing', 'resolute'],
} as const;

const needed = ['apt-get', 'apt-cache', 'apt-config', 'dpkg', 'dpkg-deb'];

/** @returns the machine, or why it is not one whose packages can be used */
export function debianHost(root = '/'): DebianHost | { reason: string } {
  const release = osRelease(join(root, 'etc/os-release'));
  const family = [release.ID, ...(release.ID_LIKE ?? '').split(' ')];
  const id = family.includes('ubuntu') ? 'ubuntu' : 'debian';
  if (!family.includes(id)) return { reason: 'only on Debian and Ubuntu' };
  const codename =
    release[`${id.toUpperCase()}_CODENAME`] ??
    (release.ID === id ? release.VERSION_CODENAME : undefined);
  if (!codename) return { reason: `this system does not say which ${id} release it is made from` };

  const folders = (process.env.PATH ?? '').split(delimiter);
  const missing = needed.filter(
    (tool) => !folders.some((folder) => existsSync(join(folder, tool))),
  );
  if (missing.length) return { reason: `${missing.join(', ')} missing` };

  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const known: readonly string[] = releases[id];
  const index = known.indexOf(codename);
  const entries = sourcesOf(root);
  return {
    id,
    codename,
    architecture,
    suites: [codename, ...known.slice(index + 1), ...known.slice(0, Math.max(index, 0)).reverse()],
    status: join(root, 'var/lib/dpkg/status'),
    sources: (suite) =>
      writeSources(
        suite === codename
          ? ownSources(entries, id, codename, architecture)
          : [otherSuite(ownSources(entries, id, codename, architecture)[0]!, id, suite)],
      ),
  };
}

/** The names of the packages that are installed. */
export async function installedOn({ status }: DebianHost): Promise<ReadonlySet<string>> {
  const paragraphs = (await readFile(status, 'utf8')).split('\n\n');
  const installed = paragraphs.filter((text) => /^Status: \S+ ok installed$/m.test(text));
  return new Set(installed.map((text) => /^Package: (.+)$/m.exec(text)![1]!));
}

/** The distribution's own archive in the machine's sources; its official mirror where there is none. */
function ownSources(
  entries: readonly AptSource[],
  id: DebianHost['id'],
  codename: string,
  architecture: string,
): AptSource[] {
  const suites = [codename, `${codename}-updates`, `${codename}-security`];
  const archive = entries.flatMap((entry) => {
    const ours = entry.suites.filter((suite) => suites.includes(suite));
    return entry.components.includes('main') && ours.length ? [{ ...entry, suites: ours }] : [];
  });
  // Other people's archives also call a suite by the release's name, but sign with keys of their own.
  const official = archive.filter(
    ({ signedBy, trusted }) =>
      !signedBy || trusted === 'yes' || /(debian|ubuntu)-archive/.test(signedBy),
  );
  const own = official.length ? official : archive;
  const main = own.find((entry) => entry.suites.includes(codename));
  return (
    main
      ? [main, ...own.filter((entry) => entry !== main)]
      : [officialMirror(id, codename, architecture)]
  ).map((entry) => ({ ...entry, components: components(id) }));
}

function otherSuite(base: AptSource, id: DebianHost['id'], suite: string): AptSource {
  const keyring = archiveKeyring(id);
  const anyRelease = !base.signedBy || /-archive-/.test(base.signedBy);
  return {
    ...base,
    suites: [suite],
    components: components(id),
    signedBy: anyRelease && keyring ? keyring : base.signedBy,
  };
}

function officialMirror(id: DebianHost['id'], suite: string, architecture: string): AptSource {
  const ports = id === 'ubuntu' && !['amd64', 'i386'].includes(architecture);
  const uri = ports
    ? 'http://ports.ubuntu.com/ubuntu-ports'
    : id === 'ubuntu'
      ? 'http://archive.ubuntu.com/ubuntu'
      : 'http://deb.debian.org/debian';
  return { uris: [uri], suites: [suite], components: components(id), signedBy: archiveKeyring(id) };
}

function components(id: DebianHost['id']): string[] {
  return id === 'ubuntu' ? ['main', 'universe'] : ['main'];
}

function archiveKeyring(id: DebianHost['id']): string | undefined {
  const path = `/usr/share/keyrings/${id}-archive-keyring.gpg`;
  return existsSync(path) ? path : undefined;
}

function sourcesOf(root: string): AptSource[] {
  const etc = join(root, 'etc/apt');
  const parts = join(etc, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  return [join(etc, 'sources.list'), ...names.map((name) => join(parts, name))].flatMap((file) => {
    try {
      return parseSources(readFileSync(file, 'utf8'), file);
    } catch {
      return []; // unreadable for us, so apt run by us could not use it either
    }
  });
}

function osRelease(file: string): Record<string, string | undefined> {
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, 'utf8').matchAll(/^(\w+)=["']?(.*?)["']?$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}
