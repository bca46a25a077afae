import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Json, type SandboxContext, SeamkitError } from '@seamkit/core';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import { stayConnectedTo, urlOf } from './connection';
import { markOf } from './names';
import { connectToRegistry, Registry } from './registry';
import { oldest } from './server';
import { endSessions, type Query, type Session } from './sessions';

/** A sealed database, and what `CREATE DATABASE … TEMPLATE` does not copy of it. */
export interface Template {
  [key: string]: Json;
  name: string;
  /** Statements on the database, before and after its name: its settings, owner and grants. */
  properties: [before: string, after: string][];
}

/**
 * What a database of ours differs by from others once it was altered is in its comment, after `own`
 * where its baseline is a file's own.
 */
export const ourComment = '^seamkit (own )?(.*)$';

/** Creates and drops databases on one server. May be used concurrently: it works in turn. */
export class Databases {
  private turn: Promise<unknown> = Promise.resolve();
  private entering: Promise<Registry> | undefined;

  private constructor(
    private client: Client,
    private readonly url: string,
    readonly superuser: boolean,
    /** The server's version. */
    readonly major: number,
    /** Whose things are in the registry; undefined: the server is ours, and has none. */
    private readonly owner: string | undefined,
    /** Called when the connection has ended by itself. */
    private readonly onEnd: () => void,
  ) {
    client.once('error', onEnd).once('end', onEnd);
  }

  /** @throws SeamkitError `SERVER_UNREACHABLE`, `SERVER_MISMATCH`, `PERMISSION_MISSING` */
  static async connect(
    url: string,
    { owner, runtime }: Pick<SandboxContext, 'owner' | 'runtime'>,
    onEnd: () => void,
  ): Promise<Databases> {
    const client = await stayConnectedTo(url, `seamkit ${owner}`);
    client.once('error', onEnd).once('end', onEnd);
    try {
      const { rows } = await client.query(`
        SELECT r.rolname AS role, r.rolsuper AS superuser, r.rolcreatedb AS createdb,
          current_setting('server_version_num')::int / 10000 AS major
        FROM pg_roles r WHERE r.rolname = current_user`);
      const { role, superuser, createdb, major } = rows[0];
      if (major < Number(oldest)) {
        throw new SeamkitError('SERVER_MISMATCH', `postgres: version ${major} is too old`, {
          hint: `use PostgreSQL ${oldest} or later`,
        });
      }
      if (!superuser && !createdb) {
        throw new SeamkitError(
          'PERMISSION_MISSING',
          `postgres: the role ${role} may not create databases`,
          { hint: `as a superuser type: ALTER ROLE ${escapeIdentifier(role)} CREATEDB;` },
        );
      }
      const registrant = runtime === 'external' ? owner : undefined;
      return new Databases(client, url, superuser, major, registrant, onEnd);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  urlOf(database: string): string {
    return urlOf(this.url, database);
  }

  /** An empty database: nothing of what an external server's template1 may hold. */
  async createEmpty(name: string): Promise<void> {
    await this.make(name, 'template0', []);
  }

  /** A copy of a database that nobody is connected to. */
  async createFrom(name: string, template: Template): Promise<void> {
    // By files where the server is ours: there a checkpoint costs nothing.
    const strategy = !this.owner && this.major >= 15 ? ' STRATEGY file_copy' : '';
    const from = escapeIdentifier(template.name) + strategy;
    await this.make(name, from, template.properties);
  }

  /** Nobody connects to a template: one session on it would keep it from being copied. */
  async seal(name: string): Promise<Template> {
    const properties = await this.properties(name);
    const database = escapeIdentifier(name);
    await this.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await this.endSessions(name);
    // Last: the mark of a template that is whole.
    await this.query(`ALTER DATABASE ${database} IS_TEMPLATE true`);
    return { name, properties };
  }

  /** Removes a database, whoever is connected. Resolves if it is gone already. */
  async drop(name: string): Promise<void> {
    const registry = await this.registry();
    const { rows } = await this.query('SELECT datistemplate FROM pg_database WHERE datname = $1', [
      name,
    ]);
    if (rows.length > 0) {
      const database = escapeIdentifier(name);
      if (rows[0].datistemplate) {
        await this.query(`ALTER DATABASE ${database} IS_TEMPLATE false`);
      }
      await this.endSessions(name);
      await this.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    }
    await registry?.disclaim(name);
  }

  /** The clients that a database still has after `patience` ms; of them those that count. */
  async sessions(
    name: string,
    patience = 0,
    count = (sessions: Session[]) => sessions,
  ): Promise<Session[]> {
    const end = performance.now() + patience;
    for (;;) {
      const { rows } = await this.query(
        `SELECT s.pid, s.state, s.query, s.application_name AS application FROM pg_stat_activity s
         WHERE s.datname = $1 AND s.backend_type = 'client backend'`,
        [name],
      );
      if (count(rows).length === 0 || performance.now() > end) return count(rows);
      await delay(5);
    }
  }

  /** Ends all clients of a database, those that come meanwhile too; resolves once they are gone. */
  endSessions(name: string): Promise<void> {
    return endSessions(this.query, 's.datname = $1', name);
  }

  /** Drops what dead owners left, and what the owner left whose run has `ended`. */
  async sweep(ended?: string): Promise<string[]> {
    const dropped: string[] = [];
    for (const name of (await (await this.registry())?.dead(ended)) ?? []) {
      try {
        await this.drop(name);
        dropped.push(name);
      } catch {
        // Another sweep was faster, or it cannot be dropped now: that waits for the next one.
      }
    }
    return dropped;
  }

  /** Who uses the server's connections, in words. */
  async usage(): Promise<string> {
    const { rows } = await this.query(
      `SELECT current_setting('max_connections') AS most, count(*) AS used,
         count(DISTINCT s.datname) FILTER (WHERE starts_with(s.datname, 'seamkit_')) AS sandboxes
       FROM pg_stat_activity s WHERE s.backend_type = 'client backend'`,
    );
    const { most, used, sandboxes } = rows[0];
    return `its max_connections is ${most}, and ${used} are in use, in ${sandboxes} sandboxes`;
  }

  async exists(name: string): Promise<boolean> {
    const { rows } = await this.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    return rows.length > 0;
  }

  async show(setting: string): Promise<string | undefined> {
    const { rows } = await this.query('SELECT current_setting($1, true) AS value', [setting]);
    return rows[0].value ?? undefined;
  }

  async end(): Promise<void> {
    await this.entering?.catch(() => {});
    await this.client.end().catch(() => {});
  }

  /** One at a time: pg's own queue goes away with its next version. */
  private readonly query: Query = (text, values) => {
    const result = this.turn.then(() => this.client.query(text, values));
    this.turn = result.catch(() => {});
    return result;
  };

  /** On an external server: asked for first when something is made or removed there. */
  private registry(): Promise<Registry> | undefined {
    if (this.owner) this.entering ??= this.enter(this.owner);
    return this.entering;
  }

  /** From here on the kit's one connection is to the registry. */
  private async enter(owner: string): Promise<Registry> {
    const next = await connectToRegistry(this.query, this.url, `seamkit ${owner}`);
    const last = this.client.off('error', this.onEnd).off('end', this.onEnd);
    this.client = next.once('error', this.onEnd).once('end', this.onEnd);
    await this.turn;
    await last.end();
    return new Registry(this.query, owner);
  }

  /** A copy, with what a copy lacks, and its comment. */
  private async make(
    name: string,
    template: string,
    properties: Template['properties'],
  ): Promise<void> {
    const registry = await this.registry();
    await registry?.claim(name);
    const database = escapeIdentifier(name);
    await this.query(`CREATE DATABASE ${database} TEMPLATE ${template}`);
    const statements = properties.map(([before, after]) => `${before}${database}${after}`);
    const comment = `DO $do$ BEGIN EXECUTE format(
      'COMMENT ON DATABASE %I IS %L', ${escapeLiteral(name)}, format('seamkit %s', (${markOf(escapeLiteral(name))}))
    ); END $do$`;
    try {
      await registry?.settle(name);
      await this.query([...statements, comment].join(';\n'));
    } catch (error) {
      await this.drop(name);
      throw error;
    }
  }

  private async properties(name: string): Promise<Template['properties']> {
    const { rows } = await this.query(
      `WITH database AS (SELECT * FROM pg_database WHERE datname = $1)
       SELECT 'ALTER DATABASE ' AS before, ' OWNER TO ' || quote_ident(pg_get_userbyid(d.datdba)) AS after
         FROM database d WHERE pg_get_userbyid(d.datdba) <> current_user
       UNION ALL
       SELECT 'ALTER DATABASE ', ' CONNECTION LIMIT ' || d.datconnlimit FROM database d WHERE d.datconnlimit <> -1
       UNION ALL
       SELECT 'REVOKE ALL ON DATABASE ', ' FROM PUBLIC' FROM database d WHERE d.datacl IS NOT NULL
       UNION ALL
       SELECT format('GRANT %s ON DATABASE ', a.privilege_type),
         ' TO ' || CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END ||
         CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
         FROM database d, aclexplode(d.datacl) a
       UNION ALL
       SELECT CASE s.setrole WHEN 0 THEN 'ALTER DATABASE '
           ELSE format('ALTER ROLE %I IN DATABASE ', pg_get_userbyid(s.setrole)) END,
         format(' SET %s TO ', split_part(setting, '=', 1)) ||
         -- Lists are kept as they are written, names quoted where they must be.
         CASE WHEN split_part(setting, '=', 1) IN
             ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
           THEN substr(setting, strpos(setting, '=') + 1)
           ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END
         FROM database d JOIN pg_db_role_setting s ON s.setdatabase = d.oid, unnest(s.setconfig) AS setting`,
      [name],
    );
    return rows.map(({ before, after }) => [before, after]);
  }
}
