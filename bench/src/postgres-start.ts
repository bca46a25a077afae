import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { openServer } from '@seamkit/core/inspect';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { median, timed } from './measure';

const rounds = 7;

/**
 * From the wish to the first query: by the kit (found, copied, started, logged in to), and by the
 * same program with the same arguments on a data folder that is there already. Linux only.
 */
export async function measureStart(): Promise<{ kit: number; bare: number; version: string }> {
  const kit: number[] = [];
  const bare: number[] = [];
  let version = '';
  for (let round = 0; round < rounds; round++) {
    // Settings of its own: a server of its own.
    const boundary = postgres({ settings: { 'bench.round': round } });
    let close = async () => {};
    let url = '';
    kit.push(
      await timed(async () => {
        const server = await openServer(boundary);
        close = server.close;
        url = server.endpoint.url;
        version = server.endpoint.version!;
        await firstQuery(url);
      }),
    );
    bare.push(await bareStart(url));
    await close();
  }
  // The first start initialises a data folder, at most once per machine.
  return { kit: median(kit.slice(1)), bare: median(bare.slice(1)), version };
}

async function firstQuery(url: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
}

/** The program of a server that runs, on a copy of its data folder, shut down cleanly first. */
async function bareStart(url: string): Promise<number> {
  const client = new Client(url);
  await client.connect();
  const { rows } = await client.query("SELECT current_setting('data_directory') AS folder");
  await client.query('CHECKPOINT'); // the password is on disk
  await client.end();
  const { folder } = rows[0];
  const pid = readFileSync(`${folder}/postmaster.pid`, 'utf8').split('\n')[0];
  const program = readlinkSync(`/proc/${pid}/exe`);
  const [, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
  const copy = `${folder}-bare`;
  const port = await freePort();
  execFileSync('cp', ['-Rp', folder, copy]);
  rmSync(`${copy}/postmaster.pid`);
  const replaced = args.map((arg) =>
    arg === folder ? copy : arg.replace(/^port=.*/, `port=${port}`),
  );
  const { uid, gid } = statSync(folder);
  const user = process.getuid?.() === 0 ? { uid, gid } : {};
  const start = () => spawn(program, replaced, { ...user, stdio: 'ignore', cwd: '/' });
  const bareUrl = url.replace(/:\d+\//, `:${port}/`);
  try {
    // Recovers from having been copied while it ran.
    await stop(start(), () => untilReady(bareUrl));
    let ms = 0;
    await stop(start(), async () => {
      ms = await timed(() => untilReady(bareUrl));
    });
    return ms;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

async function stop(child: ReturnType<typeof spawn>, work: () => Promise<void>): Promise<void> {
  const exit = once(child, 'exit');
  try {
    await work();
  } finally {
    child.kill('SIGINT');
    await exit;
  }
}

async function untilReady(url: string): Promise<void> {
  const end = performance.now() + 20_000;
  for (;;) {
    try {
      return await firstQuery(url);
    } catch (error) {
      if (performance.now() > end) throw error;
      await delay(4);
    }
  }
}
