/** The bookkeeping's: see `bookkeeping.ts`. */
export const schema = 'pg_temp_seamkit';

/** A setting that only our own sessions have: what they do is no news. */
export const restoring = 'seamkit.restoring';

/** Where the schema is made: nothing can be created in one that is named as a temporary one. */
export const workshop = 'seamkit_in_the_making';

/**
 * An expression for what an ALTER DATABASE or a setting for it changes: the versions of its rows in
 * the catalogs. `reset` computes it, too.
 */
export const markOf = (database: string) => `
  SELECT concat_ws(' ', d.xmin, (
    SELECT string_agg(r.xmin::text, ' ' ORDER BY r.setrole) FROM pg_db_role_setting r WHERE r.setdatabase = d.oid
  )) FROM pg_database d WHERE d.datname = ${database}`;

/**
 * Which sessions of `pg_stat_activity s` are in a transaction of their client. (By xact_start they
 * are not known: a failed transaction has none, and an idle session has one while it catches up
 * with changes of the catalogs.)
 */
export const inTransaction = `s.backend_type = 'client backend' AND s.state IN
  ('active', 'idle in transaction', 'idle in transaction (aborted)', 'fastpath function call')`;
