/**
 * How a sandbox knows what a test changed: tables, triggers and one function that the template gets
 * when it is sealed, so that every clone has them. For superusers only.
 *
 * - A statement trigger on every table notes the table in `dirty`, in the writer's own transaction:
 *   a rolled-back write leaves no note. Notes are only ever added (no key, nothing read), so no
 *   transaction waits or fails to serialise because of us; and they are logged like the rows they
 *   speak of, so that a crash of the server loses neither or both.
 * - Event triggers note changes of the schema as table 0.
 * - `rows` keeps the baseline's rows as text: no dependency on the user's types, which a test may
 *   drop.
 *
 * The schema's name makes it invisible: `information_schema` leaves out other sessions' temporary
 * schemas, and these are known by their name. Tools that read the catalogs (pg_dump, an ORM's pull)
 * leave out `pg_%`. The triggers are internal ones to the catalogs, and the event triggers belong to
 * the extension plpgsql, which keeps them out of dumps.
 */
export const schema = 'pg_temp_seamkit';

/** A setting that only our own sessions have: what they write is no news. */
export const restoring = 'seamkit.restoring';

/** Where the schema is made: nothing can be created in one that is named as a temporary one. */
const workshop = 'seamkit_in_the_making';

/** More baseline rows than this, or a larger table, cost more to write again than a new clone. */
const mostRows = 2_000;
const mostBytes = 4 * 1024 * 1024;

/** Bytes that a table may have grown by: deleting that much costs more than a new clone. */
const mostGrowth = 8 * 1024 * 1024;

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

/** Makes the bookkeeping for what is in the database now. One transaction. */
export const seal = `
BEGIN;
CREATE SCHEMA ${workshop};
CREATE TABLE ${workshop}.dirty (relation oid NOT NULL);
CREATE TABLE ${workshop}.rows (unit oid NOT NULL, content text NOT NULL);
CREATE TABLE ${workshop}.units (
  relation oid NOT NULL, -- written to
  unit oid NOT NULL      -- to restore then: the table, its partitions' root, its children
);
INSERT INTO ${workshop}.units VALUES (0, 0); -- the schema
CREATE TABLE ${workshop}.sequences (
  sequence oid NOT NULL, name text NOT NULL,
  last bigint NOT NULL, called boolean NOT NULL,
  cached boolean NOT NULL -- sessions hold values in advance
);

CREATE FUNCTION ${workshop}.mark_table() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  INSERT INTO ${schema}.dirty VALUES (TG_RELID);
  RETURN NULL;
END $mark$;

CREATE FUNCTION ${workshop}.mark_schema() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  IF TG_TAG <> 'REINDEX' AND EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_ddl_commands() c WHERE c.schema_name IS DISTINCT FROM 'pg_temp'
  ) THEN
    INSERT INTO ${schema}.dirty VALUES (0);
  END IF;
END $mark$;

CREATE FUNCTION ${workshop}.mark_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() d WHERE d.original AND NOT d.is_temporary) THEN
    INSERT INTO ${schema}.dirty VALUES (0);
  END IF;
END $mark$;

DO $seal$
DECLARE
  t record;
  s record;
  found_rows bigint;
  how text;
  restores text := '';
  exactly text;
BEGIN
  -- Tables: the user's, in every schema.
  FOR t IN
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'p' AS partitioned,
      CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END AS alone,
      CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END AS unit,
      CASE WHEN c.relkind = 'p'
        THEN (SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(c.oid))
        ELSE pg_table_size(c.oid) END AS bytes,
      (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
      (SELECT string_agg('(s.r).' || quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS members,
      -- Those fire while we restore, too.
      EXISTS (SELECT FROM pg_trigger g WHERE g.tgenabled IN ('A', 'R') AND NOT g.tgisinternal
        AND g.tgrelid IN (SELECT c.oid UNION SELECT relid FROM pg_partition_tree(c.oid))) OR
      EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_enabled IN ('A', 'R')) AS interferes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '${workshop}')
  LOOP
    EXECUTE format('CREATE TRIGGER seamkit BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
      FOR EACH STATEMENT WHEN (current_setting(''${restoring}'', true) IS NULL)
      EXECUTE FUNCTION ${workshop}.mark_table()', t.name);
    EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER seamkit', t.name);

    INSERT INTO ${workshop}.units VALUES (t.oid, t.unit);
    -- What is written to a table with children may have gone to them.
    IF NOT t.partitioned THEN
      INSERT INTO ${workshop}.units
        WITH RECURSIVE below AS (
          SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = t.oid
          UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.inhrelid
        ) SELECT t.oid, inhrelid FROM below;
    END IF;
    CONTINUE WHEN t.unit <> t.oid;

    -- How to restore it: as code, so that each session plans it once.
    how := NULL;
    IF NOT t.interferes AND coalesce(t.bytes, 0) <= ${mostBytes} THEN
      EXECUTE format('SELECT count(*) FROM (SELECT FROM %s%s LIMIT ${mostRows + 1}) x', t.alone, t.name)
        INTO found_rows;
      IF found_rows = 0 THEN
        how := format('DELETE FROM %s%s;', t.alone, t.name);
      ELSIF found_rows <= ${mostRows} AND t.columns IS NOT NULL THEN
        EXECUTE format('INSERT INTO ${workshop}.rows SELECT %s, seamkit_row::text FROM %s%s AS seamkit_row',
          t.oid, t.alone, t.name);
        -- OFFSET 0: each text is read once, not once per column.
        how := format('DELETE FROM %s%s; INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM
          (SELECT content::%s AS r FROM ${schema}.rows WHERE unit = %s OFFSET 0) AS s;',
          t.alone, t.name, t.name, t.columns, t.members, t.name, t.oid);
      END IF;
    END IF;
    restores := restores || format('
    IF %s = ANY (changed) THEN ', t.oid) || CASE WHEN how IS NULL
      THEN format('RETURN %L;', json_build_object('stale', t.name || ' is quicker to clone than to restore'))
      ELSE format('IF (%s) > %s THEN RETURN %L; END IF; %s',
        CASE WHEN t.partitioned
          THEN format('SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(%s)', t.oid)
          ELSE format('pg_table_size(%s)', t.oid) END,
        coalesce(t.bytes, 0) + ${mostGrowth},
        json_build_object('stale', t.name || ' has grown'), how) END || ' END IF;';
  END LOOP;
  UPDATE pg_trigger SET tgisinternal = true
    WHERE tgname = 'seamkit' AND tgfoid = '${workshop}.mark_table'::regproc;

  -- Sequences: what they hold, and a query of those that hold something else.
  FOR s IN
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, q.seqcache > 1 AS cached
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence q ON q.seqrelid = c.oid
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  LOOP
    EXECUTE format('INSERT INTO ${workshop}.sequences SELECT %s, %L, last_value, is_called, %L FROM %s',
      s.oid, s.name, s.cached, s.name);
  END LOOP;
  SELECT string_agg(format('SELECT %s::oid FROM %s WHERE last_value <> %s OR is_called <> %L',
      q.sequence, q.name, q.last, q.called), ' UNION ALL ')
    INTO exactly FROM ${workshop}.sequences q;

  EXECUTE format($body$
CREATE FUNCTION ${workshop}.reset(since text, own oid, mark text) RETURNS text LANGUAGE plpgsql AS $reset$
#variable_conflict use_column
DECLARE
  busy json;
  now pg_snapshot;
  seen text;
  changed oid[];
  step record;
  touched boolean := false;
BEGIN
  SELECT json_agg(json_build_object('pid', s.pid, 'state', s.state, 'query', s.query, 'application', s.application_name))
    INTO busy FROM pg_stat_get_activity(NULL) s
    WHERE s.datid = own AND s.pid <> pg_backend_pid() AND ${inTransaction};
  IF busy IS NOT NULL THEN
    RETURN json_build_object('sessions', busy);
  END IF;

  -- Nothing is written without a transaction id, save by nextval: if none was given out on this
  -- server since the last reset, and none is in use, only sequences can differ.
  now := pg_current_snapshot();
  IF pg_snapshot_xmin(now) = pg_snapshot_xmax(now) THEN
    seen := pg_snapshot_xmax(now);
    IF seen = since AND NOT EXISTS (
      SELECT FROM ${schema}.sequences q
      WHERE pg_sequence_last_value(q.sequence) IS DISTINCT FROM CASE WHEN q.called THEN q.last END
    ) THEN
      RETURN seen;
    END IF;
  END IF;

  SELECT json_agg(p.gid) INTO busy FROM pg_prepared_xact() p WHERE p.dbid = own;
  IF busy IS NOT NULL THEN
    RETURN json_build_object('prepared', busy);
  END IF;

  SELECT array_agg(DISTINCT u.unit) INTO changed FROM ${schema}.dirty d JOIN ${schema}.units u USING (relation);
  IF 0 = ANY (changed) THEN
    RETURN json_build_object('stale', 'the schema changed');
  END IF;
  IF mark IS DISTINCT FROM (${markOf('current_database()')}) THEN
    RETURN json_build_object('stale', 'the database was altered');
  END IF;
  IF (SELECT count(*) || ' ' || coalesce(sum(o.xmin::text::bigint), 0) FROM pg_largeobject_metadata o) || ' ' ||
     (SELECT count(*) || ' ' || coalesce(sum(p.xmin::text::bigint), 0) FROM pg_largeobject p) <> %1$L
  THEN
    RETURN json_build_object('stale', 'large objects changed');
  END IF;

  IF changed IS NOT NULL THEN
    %3$s
    IF pg_relation_size('${schema}.dirty') > 65536 THEN
      TRUNCATE ${schema}.dirty;
    ELSE
      DELETE FROM ${schema}.dirty;
    END IF;
    touched := true;
  END IF;

  FOR step IN
    SELECT q.* FROM (%2$s) AS moved(sequence) JOIN ${schema}.sequences q USING (sequence)
  LOOP
    IF step.cached THEN
      EXECUTE format('ALTER SEQUENCE %%s RESTART', step.name);
      DELETE FROM ${schema}.dirty;
    END IF;
    PERFORM setval(step.sequence, step.last, step.called);
    touched := true;
  END LOOP;
  RETURN CASE WHEN NOT touched THEN seen END;
END $reset$
  $body$,
    (SELECT count(*) || ' ' || coalesce(sum(o.xmin::text::bigint), 0) FROM pg_largeobject_metadata o) || ' ' ||
    (SELECT count(*) || ' ' || coalesce(sum(p.xmin::text::bigint), 0) FROM pg_largeobject p),
    coalesce(exactly, 'SELECT 0::oid WHERE false'), restores);
END $seal$;

SET LOCAL allow_system_table_mods = on;
ALTER SCHEMA ${workshop} RENAME TO ${schema};
CREATE EVENT TRIGGER seamkit_schema ON ddl_command_end EXECUTE FUNCTION ${schema}.mark_schema();
CREATE EVENT TRIGGER seamkit_drop ON sql_drop EXECUTE FUNCTION ${schema}.mark_drop();
ALTER EVENT TRIGGER seamkit_schema ENABLE ALWAYS;
ALTER EVENT TRIGGER seamkit_drop ENABLE ALWAYS;
ALTER EXTENSION plpgsql ADD EVENT TRIGGER seamkit_schema;
ALTER EXTENSION plpgsql ADD EVENT TRIGGER seamkit_drop;
TRUNCATE ${schema}.dirty;
COMMIT`;

/**
 * Back to the baseline, in one round trip. Parameters: what the last call returned, the database's
 * oid and its mark. The answer is a JSON object where nothing was done: `sessions` or `prepared`
 * (transactions that must end first), or `stale` (a new clone is needed, and why). Otherwise NULL,
 * or a number for the next call.
 */
export const reset = `SELECT ${schema}.reset($1, $2, $3) AS answer`;
