import { SeamkitError } from '@seamkit/core';
import { type Client, escapeIdentifier } from 'pg';
import { stayConnectedTo, urlOf } from './connection';
import type { Query } from './sessions';

/*
 * What the kit made on an external server, kept in that server: in a database of the role's own, a
 * table of databases by name and oid. A database that is not in it is not ours, whatever its name or
 * comment says. Nobody but the role, and superusers, can write there. On a server of ours there is
 * no registry: its keeper looks after it.
 */

/**
 * Seconds that an owner's newest claim must be old before the owner can be taken for dead: a run
 * that lives has no session here between two test files.
 */
const graceSeconds = 600;

/**
 * In one transaction at a time: of two that make the same thing at once, one would fail. Claims need
 * not reach the disk by themselves: the database that follows takes them along.
 */
const setUp = `
SELECT pg_advisory_xact_lock(1);
SET search_path = pg_catalog;
SET synchronous_commit = off;
CREATE SCHEMA IF NOT EXISTS seamkit;
CREATE TABLE IF NOT EXISTS seamkit.claims (
  name name PRIMARY KEY,
  oid oid, -- absent while it is made
  owner text NOT NULL,
  made timestamptz NOT NULL DEFAULT now()
)`;

const nameOfRegistry = `
SELECT 'seamkit_registry_' || r.oid AS name, (
  SELECT d.datdba = r.oid FROM pg_database d WHERE d.datname = 'seamkit_registry_' || r.oid
) AS own
FROM pg_roles r WHERE r.rolname = current_user`;

/**
 * A connection to the role's registry, which is made where there is none.
 * @throws SeamkitError `PERMISSION_MISSING` where a database of another role has its name
 */
export async function connectToRegistry(
  query: Query,
  url: string,
  application: string,
): Promise<Client> {
  const look = async () => (await query(nameOfRegistry)).rows[0];
  const { name, own } = await look();
  if (own === null) {
    await query(`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0`).catch((error) => {
      // Another test process has made it just now.
      if (!['42P04', '23505'].includes(error.code)) throw error;
    });
  }
  if (!(await look()).own) {
    throw new SeamkitError(
      'PERMISSION_MISSING',
      `postgres: the database ${name} belongs to another role`,
      { hint: `as its owner type: ALTER DATABASE ${escapeIdentifier(name)} RENAME TO …;` },
    );
  }
  const registry = await stayConnectedTo(urlOf(url, name), application);
  await registry.query(setUp);
  return registry;
}

/** What is claimed, on a connection to the registry. */
export class Registry {
  constructor(
    private readonly query: Query,
    private readonly owner: string,
  ) {}

  /** Says that the next database of this name will be ours. A name that is taken is not claimed. */
  async claim(name: string): Promise<void> {
    await this.query(
      `INSERT INTO seamkit.claims (name, owner)
         SELECT $1, $2 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)
       ON CONFLICT (name) DO UPDATE SET oid = NULL, owner = $2, made = now()`,
      [name, this.owner],
    );
  }

  /** It is made: from here on only that very database is ours. */
  async settle(name: string): Promise<void> {
    await this.query(
      `UPDATE seamkit.claims c SET oid = d.oid FROM pg_database d
       WHERE c.name = $1 AND d.datname = c.name`,
      [name],
    );
  }

  async disclaim(name: string): Promise<void> {
    await this.query('DELETE FROM seamkit.claims WHERE name = $1', [name]);
  }

  /**
   * The databases of dead owners, and of the owner whose run has `ended`; claims on what is gone, or
   * is another database now, are forgotten. An owner lives if a session on the server has its name
   * or is on one of its databases, or if it has claimed something lately. One that was killed while
   * the server made a database has not settled its claim: then what has that name is ours if the
   * role owns it, since the name was free when it was claimed.
   */
  async dead(ended?: string): Promise<string[]> {
    const { rows } = await this.query(
      `WITH owners AS (
         SELECT c.owner FROM seamkit.claims c GROUP BY c.owner
         HAVING c.owner = $1 OR max(c.made) < now() - make_interval(secs => $2) AND NOT EXISTS (
           SELECT FROM pg_stat_activity s WHERE s.application_name = 'seamkit ' || c.owner
             OR starts_with(s.datname::text, 'seamkit_' || c.owner || '_'))
       ), left_over AS (
         SELECT c.name, EXISTS (
           SELECT FROM pg_database d JOIN pg_roles r ON r.rolname = current_user
           WHERE d.datname = c.name AND (d.oid = c.oid OR c.oid IS NULL AND d.datdba = r.oid)
         ) AS there
         FROM seamkit.claims c JOIN owners USING (owner)
       ), forgotten AS (
         DELETE FROM seamkit.claims c USING left_over l WHERE c.name = l.name AND NOT l.there
           -- The server may still be making it.
           AND (c.oid IS NOT NULL OR c.made < now() - make_interval(secs => $2))
       )
       SELECT name FROM left_over WHERE there ORDER BY name`,
      [ended, graceSeconds],
    );
    return rows.map(({ name }) => name);
  }
}
