import { Client } from 'pg';

/** Runs `work` on a connection of its own, as the service under test would. */
export async function connected<R>(url: string, work: (client: Client) => Promise<R>): Promise<R> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {}); // some are ended on purpose
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const own = 'c.oid >= 16384';
const books = "to_regnamespace('pg_temp_seamkit')";
const bookTriggers = "(SELECT oid FROM pg_trigger WHERE tgname = 'seamkit')";
const bookFunctions = `(SELECT oid FROM pg_proc WHERE pronamespace = ${books})`;
const toasted = (column: string) =>
  `${column} IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace)`;

/**
 * Catalogs, less what moves by itself; less toast tables and dropped columns, which may stay;
 * less our own. */
const wholeCatalogs: Record<string, { but?: string; where: string }> = {
  pg_class: {
    but: 'relpages,reltuples,relallvisible,relallfrozen,relfilenode,relfrozenxid,relminmxid,relhasindex,relhasrules,relhastriggers,relhassubclass,relnatts,reltoastrelid',
    where: `${own} AND NOT ${toasted('c.oid')}`,
  },
  pg_attribute: {
    but: 'attmissingval,atthasmissing',
    where: `c.attrelid >= 16384 AND c.attnum > 0 AND NOT c.attisdropped AND NOT ${toasted('c.attrelid')}`,
  },
  pg_depend: {
    where: `c.objid >= 16384 AND c.objid NOT IN ${bookTriggers} AND c.objid NOT IN ${bookFunctions} AND NOT (c.classid = 'pg_class'::regclass AND ${toasted('c.objid')}) AND NOT ${toasted('c.refobjid')}`,
  },
  pg_index: { where: `c.indexrelid >= 16384 AND NOT ${toasted('c.indrelid')}` },
  pg_inherits: { where: 'true' },
  pg_description: { where: 'c.objoid >= 16384' },
  pg_namespace: { where: `${own} AND c.nspname !~ '^pg_(toast_)?temp_[0-9]+$'` },
  pg_proc: { where: `${own} AND c.pronamespace IS DISTINCT FROM ${books}` },
  pg_sequence: { where: 'true' },
  pg_type: { where: `${own} AND c.typnamespace <> 'pg_toast'::regnamespace` },
  pg_trigger: { where: `c.oid NOT IN ${bookTriggers}` },
};
for (const name of [
  ...['attrdef', 'cast', 'collation', 'constraint', 'default_acl', 'enum', 'event_trigger'],
  ...['extension', 'operator', 'policy', 'publication', 'rewrite'],
  ...['statistic_ext', 'ts_config'],
]) {
  wholeCatalogs[`pg_${name}`] = { where: own };
}

/** All that a baseline consists of, as text by name: rows, sequences, large objects, catalogs, settings. */
export function stateOf(url: string): Promise<Record<string, unknown>> {
  return connected(url, async (client) => {
    const state: Record<string, unknown> = {};
    const { rows: relations } = await client.query(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind,
         c.relacl::text AS grants, obj_description(c.oid) AS comment,
         (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         (SELECT string_agg(g.tgname || g.tgenabled::text, ', ' ORDER BY g.tgname)
            FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS triggers
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`,
    );
    state.relations = relations;
    for (const { name, kind } of relations) {
      if (['r', 'm', 'p'].includes(kind)) {
        const { rows } = await client.query(
          `SELECT tableoid::regclass::text AS place, t::text AS row FROM ${name} t ORDER BY 1, 2`,
        );
        state[name] = rows.map(({ place, row }) => `${place} ${row}`);
      } else if (kind === 'S') {
        const { rows } = await client.query(`SELECT last_value, is_called FROM ${name}`);
        state[name] = rows[0];
      }
    }
    const catalogs: Record<string, string> = {
      functions: `SELECT p.oid::regprocedure::text, md5(prosrc) FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace ORDER BY 1`,
      types: `SELECT typname, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)
        FROM pg_type t WHERE typnamespace = 'public'::regnamespace ORDER BY 1`,
      schemas: `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_[0-9]+$' ORDER BY 1`,
      largeObjects: `SELECT l.oid, l.lomowner, encode(lo_get(l.oid), 'hex') FROM pg_largeobject_metadata l ORDER BY 1`,
      database: `SELECT datconnlimit, datacl::text, datdba FROM pg_database WHERE datname = current_database()`,
      settings: `SELECT setrole, setconfig FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
        WHERE d.datname = current_database() ORDER BY 1`,
    };
    for (const [name, query] of Object.entries(catalogs)) {
      state[name] = (await client.query(query)).rows;
    }
    const { rows } = await client.query(
      Object.entries(wholeCatalogs)
        .map(
          ([name, { but = '', where }]) =>
            `(SELECT '${name}' AS name, (to_jsonb(c) - '{${but}}'::text[])::text AS line FROM ${name} c WHERE ${where} ORDER BY 2)`,
        )
        .join(' UNION ALL '),
    );
    state.catalogs = rows.map(({ name, line }) => `${name} ${line}`);
    return state;
  });
}

/** Differs after each new clone, and never otherwise. */
export function cloneOf(url: string): Promise<string> {
  return connected(url, async (client) => {
    const { rows } = await client.query(
      'SELECT oid FROM pg_database WHERE datname = current_database()',
    );
    return rows[0].oid;
  });
}
