import { schema, workshop } from './names';
import { backFunction, takeFunction } from './take';
import { undoFunctions } from './undo';

/**
 * How a sandbox knows what a test changed: tables, triggers and one function that the template gets
 * when it is sealed, so that every clone has them. For superusers only.
 *
 * - A statement trigger on every table notes the table in `dirty`, in the writer's own transaction:
 *   a rolled-back write leaves no note. Notes are only ever added (no key, nothing read), so no
 *   transaction waits or fails to serialise because of us; and they are logged like the rows they
 *   speak of, so that a crash of the server loses neither or both.
 * - Event triggers note changes of the schema in `commands`. Additions are undone in place.
 * - `take` keeps the baseline: the template's when it is sealed, a file's own when it is set.
 * - `rows` keeps its rows as text: no dependency on the user's types, which a test may drop.
 *
 * The schema's name makes it invisible: `information_schema` leaves out other sessions' temporary
 * schemas, and these are known by their name. Tools that read the catalogs (pg_dump, an ORM's pull)
 * leave out `pg_%`. The triggers are internal ones to the catalogs, and the event triggers belong to
 * the extension plpgsql, which keeps them out of dumps.
 */

const eventTriggers = [
  ['seamkit_schema', 'ddl_command_end', 'mark_schema'],
  ['seamkit_drop', 'sql_drop', 'mark_drop'],
  ['seamkit_index', "ddl_command_start WHEN TAG IN ('CREATE INDEX')", 'mark_index'],
];

/** Makes the bookkeeping, and keeps what is in the database now as the baseline. One transaction. */
export const seal = `
BEGIN;
CREATE SCHEMA ${workshop};
CREATE TABLE ${workshop}.dirty (relation oid NOT NULL);
-- Once a file has a baseline of its own: what it wrote before. Layer 1 is that baseline, 0 the template's.
CREATE TABLE ${workshop}.before (relation oid NOT NULL);
CREATE TABLE ${workshop}.rows (layer int NOT NULL, unit oid NOT NULL, content text NOT NULL);
CREATE INDEX ON ${workshop}.rows (unit);
CREATE TABLE ${workshop}.units (
  layer int NOT NULL,
  relation oid NOT NULL, -- written to
  unit oid NOT NULL,     -- to restore then: the table, its partitions' root, its children
  restore text           -- how, where the relation is the unit; absent: its rows are not kept
);
CREATE TABLE ${workshop}.sequences (
  layer int NOT NULL,
  sequence oid NOT NULL, name text NOT NULL,
  last bigint, called boolean,
  cached boolean NOT NULL -- sessions hold values in advance
);

CREATE FUNCTION ${workshop}.mark_table() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  INSERT INTO ${schema}.dirty VALUES (TG_RELID);
  RETURN NULL;
END $mark$;

${undoFunctions}${takeFunction}
${backFunction}
SET LOCAL allow_system_table_mods = on;
ALTER SCHEMA ${workshop} RENAME TO ${schema};
${eventTriggers
  .map(
    ([name, when, marks]) => `
CREATE EVENT TRIGGER ${name} ON ${when} EXECUTE FUNCTION ${schema}.${marks}();
ALTER EVENT TRIGGER ${name} ENABLE ALWAYS;
ALTER EXTENSION plpgsql ADD EVENT TRIGGER ${name};`,
  )
  .join('')}
SELECT ${schema}.take(false);
COMMIT`;

/**
 * Back to the baseline, in one round trip. Parameters: what the last call returned, the database's
 * oid and its mark, and whether to look only. The answer is a JSON object where nothing was done:
 * `sessions` or `prepared` (transactions that must end first), `stale` (a new clone is needed, and
 * why), or `differs` (by a look). Otherwise `undone`, NULL, or a number for the next call.
 */
export const reset = `SELECT ${schema}.reset($1, $2, $3, $4) AS answer`;

/** Back to the template's baseline. Parameters: the database's oid and its mark; answers as `reset`. */
export const back = `SELECT ${schema}.back($1, $2) AS answer`;

/** Makes what is there now the baseline, a file's own. Resolves to the database's mark. */
export const take = `SELECT ${schema}.take(true) AS mark`;
