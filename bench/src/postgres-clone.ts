import { driverOn, openServer } from '@seamkit/core/inspect';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { median, timed } from './measure';
import { filler } from './postgres-schema';

const rounds = 21;
const around = { owner: 'bench', runtime: 'process', warn: console.warn } as const;

/** ms */
export interface CloneCosts {
  kit: number;
  /** Of the same tables, without bookkeeping. */
  bare: number;
  /** From the clone to the answer of a first query, and back. */
  open: number;
}

/** A clone by the kit, and a bare one. */
export async function measureClone(tables: number): Promise<CloneCosts> {
  const prepare = filler(tables);
  const server = await openServer(postgres({ prepare }));
  const client = new Client(server.endpoint.url);
  await client.connect();
  const [kept, plain] = await Promise.all([
    driverOn(postgres({ prepare }), server.endpoint, around),
    driverOn(postgres({ prepare, isolation: 'clone' }), server.endpoint, around),
  ]);
  const template = await kept.template(named('t', 1));
  const plainTemplate = await plain.template(named('t', 2));
  const costs: Record<keyof CloneCosts, number[]> = { kit: [], bare: [], open: [] };
  for (let round = 0; round < rounds; round++) {
    const id = named('s', 10 + round);
    costs.kit.push(await timed(() => kept.create(id, template)));
    costs.open.push(
      await timed(async () => {
        const sandbox = await kept.open({ name: id.name }, template);
        await sandbox.members.query('SELECT 1');
        await sandbox.close();
      }),
    );
    const copy = `bench_${round}`;
    const { name } = plainTemplate as { name: string };
    const strategy = await fastest(client);
    costs.bare.push(
      await timed(() => client.query(`CREATE DATABASE ${copy} TEMPLATE ${name} ${strategy}`)),
    );
    await client.query(`DROP DATABASE ${copy}`);
    await kept.destroy({ name: id.name });
  }
  await client.end();
  await kept.close();
  await plain.close();
  await server.close();
  return { kit: median(costs.kit), bare: median(costs.bare), open: median(costs.open) };
}

async function fastest(client: Client): Promise<string> {
  const { rows } = await client.query(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  return rows[0].version >= 150_000 ? 'STRATEGY file_copy' : '';
}

function named(role: 's' | 't', index: number) {
  return { name: `seamkit_bench_${role}${index}`, index, owner: 'bench' };
}
