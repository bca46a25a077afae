/**
 * What isolation costs with the PostgreSQL kit on the process runtime. Each figure is a median of
 * one run, measured in turns with what it is compared to.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '@seamkit/core';
import { postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { type Comparison, median, report, timed } from './measure';
import { measureClone } from './postgres-clone';
import { filler } from './postgres-schema';
import { measureStart } from './postgres-start';

const rounds = 101;

/** What a service that starts may do. */
const additions = `
CREATE TABLE jobs (id serial PRIMARY KEY, parent int REFERENCES t0, payload jsonb);
CREATE INDEX ON jobs (parent);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO jobs (payload) VALUES ('{}')`;

interface ResetCosts {
  query: number;
  untouched: number;
  dirty: number;
  truncate: number;
  added: number;
}

/** Resets of a database, and what they are compared to. */
async function measureReset(tables: number): Promise<ResetCosts> {
  const env = await open({ db: postgres({ prepare: filler(tables), key: `${tables}` }) });
  const client = new Client(env.db.url);
  await client.connect();
  const all = Array.from({ length: tables }, (_, index) => `t${index}`).join(', ');
  const write = async () => {
    for (const index of [0, 7, 13]) {
      await client.query(`INSERT INTO t${index} (name) VALUES ('one'), ('two'), ('three')`);
    }
  };
  const costs = { query: [], untouched: [], dirty: [], truncate: [], added: [] } as Record<
    keyof ResetCosts,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    costs.query.push(await timed(() => client.query('SELECT 1')));
    await env.db.reset();
    costs.untouched.push(await timed(() => env.db.reset()));
    await write();
    costs.dirty.push(await timed(() => env.db.reset()));
    if (round % 5) continue;
    await write();
    costs.truncate.push(await timed(() => client.query(`TRUNCATE ${all} RESTART IDENTITY`)));
    await env.db.reset();
  }
  await client.end();
  for (let round = 0; round < 21; round++) {
    await env.db.query(additions);
    costs.added.push(await timed(() => env.db.reset()));
  }
  await env.close();
  return {
    query: median(costs.query),
    untouched: median(costs.untouched),
    dirty: median(costs.dirty),
    truncate: median(costs.truncate),
    added: median(costs.added),
  };
}

async function main(): Promise<void> {
  process.env.SEAMKIT_RUNTIME = 'process';
  // A keeper and servers of the bench's own.
  process.env.SEAMKIT_WORKSPACE = mkdtempSync(join(tmpdir(), 'seamkit-bench-'));
  const few = await measureReset(20);
  const many = await measureReset(200);
  for (const [tables, { added, dirty }] of Object.entries({ 20: few, 200: many })) {
    console.log(
      `reset, a table with its index and trigger added to ${tables}: ${added.toFixed(2)} ms; 3 written: ${dirty.toFixed(2)} ms`,
    );
  }
  const clone = await measureClone(20);
  const start = await measureStart();
  const comparisons: Comparison[] = [
    {
      ...{ what: 'reset, nothing written, 20 tables', ms: few.untouched },
      ...{ against: 'SELECT 1', base: few.query, target: 3 },
    },
    {
      ...{ what: 'reset, 3 of 20 tables written', ms: few.dirty },
      ...{ against: 'TRUNCATE of all 20', base: few.truncate, target: 0.1 },
    },
    {
      ...{ what: 'reset, 3 of 200 tables written', ms: many.dirty },
      ...{ against: 'the same, 3 of 20', base: few.dirty, target: 3 },
    },
    {
      ...{ what: 'fresh clone, 20 tables', ms: clone.kit },
      ...{ against: 'CREATE DATABASE … TEMPLATE', base: clone.bare, target: 2 },
    },
    {
      ...{ what: 'start to first query', ms: start.kit },
      ...{ against: 'postgres to first query', base: start.bare, target: 3 },
    },
  ];
  report(`PostgreSQL ${start.version}, process runtime`, comparisons);
  console.log(`a clone's connections and first query: ${clone.open.toFixed(2)} ms`);
  rmSync(process.env.SEAMKIT_WORKSPACE, { recursive: true, force: true });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
