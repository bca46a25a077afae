import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

export interface FoundEngine {
  /** The first address at which a container engine answers, if any. */
  engine?: string;
  tried: string[];
  /** The first address that this user may not connect to, if none answers. */
  denied?: string;
  /** What to do where none was found, if it is not what one would think of first. */
  next?: string;
}

/** Whoever is in it is as good as root, so it is for the user to decide. */
const joinTheGroup =
  'let this user use the engine, by the group docker: sudo usermod -aG docker $USER, then log in again';

interface Candidate {
  name: string;
  /** Where to knock, or why there is no use in it. */
  at: { path: string } | { host: string; port: number } | string;
}

/** Looks for an engine where Testcontainers does, and knocks: it takes a few ms. */
export async function findEngine(): Promise<FoundEngine> {
  const tried: string[] = [];
  let denied: string | undefined;
  for (const { name, at } of candidates()) {
    const problem = await cannotConnect(at);
    if (!problem) return { engine: name, tried };
    tried.push(`${name}: ${problem}`);
    if (problem === 'EACCES' || problem === 'EPERM') denied ??= name;
  }
  const podman = podmanSockets().find((path) => existsSync(path));
  if (denied) return { tried, denied, next: joinTheGroup };
  const next =
    podman && !process.env.DOCKER_HOST ? `export DOCKER_HOST=unix://${podman}` : undefined;
  return { tried, next };
}

/** As Testcontainers: what its properties file and DOCKER_HOST name, else the usual sockets. */
function candidates(): Candidate[] {
  const { 'tc.host': cloud, 'docker.host': configured } = properties();
  if (cloud) return [named(`tc.host of ${propertiesFile()}`, cloud)];
  const host = process.env.DOCKER_HOST;
  if (host) return [named(host, host)];
  if (configured) return [named(`docker.host of ${propertiesFile()}`, configured)];
  if (process.platform === 'win32') {
    return [{ name: 'the Docker pipe', at: { path: '//./pipe/docker_engine' } }];
  }
  return [
    '/var/run/docker.sock',
    join(userFolder(), 'docker.sock'),
    join(homedir(), '.docker/run/docker.sock'),
    join(homedir(), '.docker/desktop/docker.sock'),
  ].map((path) => ({ name: path, at: { path } }));
}

function named(name: string, address: string): Candidate {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  switch (url?.protocol) {
    case 'unix:':
    case 'npipe:':
      return { name, at: { path: decodeURIComponent(url.pathname) } };
    case 'tcp:':
    case 'http:':
    case 'https:':
      return { name, at: { host: url.hostname, port: Number(url.port || 2375) } };
    case 'ssh:':
      return { name, at: 'Testcontainers does not speak ssh; docs/containers.md shows a tunnel' };
    default:
      return { name, at: 'no address of an engine, such as unix:///var/run/docker.sock' };
  }
}

/** Testcontainers does not look there by itself. */
function podmanSockets(): string[] {
  return [join(userFolder(), 'podman/podman.sock'), '/run/podman/podman.sock'];
}

function userFolder(): string {
  return process.env.XDG_RUNTIME_DIR || `/run/user/${process.getuid?.()}`;
}

function propertiesFile(): string {
  return join(homedir(), '.testcontainers.properties');
}

function properties(): Record<string, string | undefined> {
  try {
    const lines = readFileSync(propertiesFile(), 'utf8').matchAll(
      /^\s*([\w.]+)\s*[=:]\s*(.*?)\s*$/gm,
    );
    // A properties file may escape the colons of a url.
    return Object.fromEntries(
      [...lines].map(([, key, value]) => [key, value!.replaceAll('\\:', ':')]),
    );
  } catch {
    return {};
  }
}

function cannotConnect(at: Candidate['at']): Promise<string | undefined> {
  if (typeof at === 'string') return Promise.resolve(at);
  if ('path' in at && process.platform !== 'win32' && !existsSync(at.path)) {
    return Promise.resolve('not there');
  }
  return new Promise((resolve) => {
    const socket = connect(at as { path: string });
    // A turn later, since an answer may be there that a busy process has not looked at yet.
    const timer = setTimeout(() => setImmediate(() => done('no answer within 1 s')), 1_000);
    const done = (problem?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => done());
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
