import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { keeperStatus } from '@seamkit/core/inspect';

/** ms that a keeper may take to stop its servers. */
const keeperPatience = 30_000;

/** Why the tests of containers cannot run here, or undefined. */
export function noContainers(): string | undefined {
  try {
    docker('version');
    return undefined;
  } catch (error) {
    return `no container engine: ${(error as Error).message.trim().split('\n').at(-1)}`;
  }
}

/** Gives this test file a workspace of its own, whose servers are containers. */
export function containerWorkspace(): void {
  const before = process.env.SEAMKIT_RUNTIME;
  beforeAll(() => {
    process.env.SEAMKIT_WORKSPACE = realpathSync(mkdtempSync(join(tmpdir(), 'seamkit-test-')));
    process.env.SEAMKIT_RUNTIME = 'container';
  });
  afterAll(async () => {
    await stopKeeper();
    rmSync(process.env.SEAMKIT_WORKSPACE!, { recursive: true });
    delete process.env.SEAMKIT_WORKSPACE;
    process.env.SEAMKIT_RUNTIME = before;
  });
}

/** Resolves once the keeper has gone, and with it all that it started. */
export async function stopKeeper(): Promise<void> {
  const status = await keeperStatus(process.env.SEAMKIT_WORKSPACE!);
  try {
    if (status) process.kill(status.pid, 'SIGTERM');
  } catch {
    // It has just ended by itself.
  }
  const end = performance.now() + keeperPatience;
  while (await keeperStatus(process.env.SEAMKIT_WORKSPACE!)) {
    if (performance.now() > end) throw new Error('the keeper does not end');
    await delay(20);
  }
}

/** The containers of one kit that this workspace runs, as the engine describes them. */
export async function containersOf(kit: string): Promise<any[]> {
  const { servers } = (await keeperStatus(process.env.SEAMKIT_WORKSPACE!))!;
  const running = servers.filter((server) => server.kit === kit && server.state === 'running');
  return running.flatMap(({ containers }) => JSON.parse(docker('inspect', ...containers)));
}

export function docker(...args: string[]): string {
  // This realm's variables: Node's default are those that Jest was started with.
  const { env } = process;
  return execFileSync('docker', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The programs and folders of a slim image, per kit: see `slim/Dockerfile`. */
const slim: Record<string, Record<string, string>> = {
  redis: { PROGRAMS: 'redis-server' },
  postgres: {
    PROGRAMS: 'bash mkdir chmod cat initdb pg_ctl postgres',
    FOLDERS: '/usr/lib/postgresql /usr/share/postgresql /usr/lib/locale/C.utf8 /usr/share/zoneinfo',
    FIRST_PATH: '/usr/lib/postgresql/15/bin',
  },
};

/** Whether an image is of `build.sh`. */
export function isOurs(image: string | undefined): boolean {
  return image?.startsWith('seamkit-test/') ?? false;
}

/** Builds a small copy of a test image. @returns its name */
export function slimImage(kit: 'redis' | 'postgres', image: string): string {
  const tag = `seamkit-test/slim-${kit}:latest`;
  const args = Object.entries({ IMAGE: image, ...slim[kit] }).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  execFileSync('docker', ['build', '--quiet', ...args, '--tag', tag, join(__dirname, '../slim')], {
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return tag;
}
