import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findWorkspace, keeperStatus, type OpenServer, openServer } from '@seamkit/core/inspect';
import { s3 } from '@seamkit/s3';

/** Two clusters, copies of one folder. */
const servers: OpenServer[] = [];

beforeAll(async () => {
  const shared = s3();
  const own = { ...shared, plan: { ...shared.plan, exclusive: true } };
  servers.push(await openServer(own), await openServer(own));
}, 120_000);
afterAll(() => Promise.all(servers.map((server) => server.close())));

test('a key of one start opens nothing of another', async () => {
  if (servers.some(({ endpoint, runtime }) => runtime !== 'process' || endpoint.kind !== 'ceph')) {
    process.stderr.write('not tried: the S3 server here is not Ceph as a process\n');
    return;
  }
  const [one, other] = await Promise.all(servers.map(inside));

  await expect(usersOf(one!, one!.keyring)).resolves.toContain('seamkit');
  await expect(usersOf(one!, other!.keyring)).rejects.toThrow(/handle_auth_bad_method/);
});

interface Inside {
  tool: string;
  env: NodeJS.ProcessEnv;
  conf: string;
  keyring: string;
}

/** What the processes of a server run with. */
async function inside({ endpoint }: OpenServer): Promise<Inside> {
  const { host } = new URL(endpoint.url);
  const status = await keeperStatus(findWorkspace());
  const [pid] = status!.servers.find(({ url }) => url && new URL(url).host === host)!.processes;
  const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  const args = read('cmdline');
  const conf = args[args.indexOf('-c') + 1]!;
  const env = Object.fromEntries(
    read('environ').map((line) => line.split(/=(.*)/s, 2) as [string, string]),
  );
  const tool = args.find((argument) => argument.endsWith('/ceph-mon'))!;
  return {
    tool: tool.replace(/ceph-mon$/, 'radosgw-admin'),
    env,
    conf,
    keyring: join(conf, '../keyring'),
  };
}

async function usersOf({ tool, env, conf }: Inside, keyring: string): Promise<string> {
  const args = ['-c', conf, '--keyring', keyring, 'metadata', 'list', 'user'];
  try {
    return (await promisify(execFile)(tool, args, { env, timeout: 30_000 })).stdout;
  } catch (error) {
    // Ceph 16's tool now and then aborts while it ends, its work done.
    const { signal, stdout } = error as { signal?: string; stdout?: string };
    if (signal === 'SIGABRT' && stdout) return stdout;
    throw error;
  }
}
