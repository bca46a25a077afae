import { markOf, restoring, schema, workshop } from './names';
import { resetFunction } from './reset-function';
import { newestOid } from './undo';

/** More rows than this, or a larger table, cost more to write again than a new clone. */
const mostRows = 2_000;
const mostBytes = 4 * 1024 * 1024;

/** Bytes that a table may have grown by: deleting that much costs more than a new clone. */
const mostGrowth = 8 * 1024 * 1024;

/**
 * Keeps what is there as the baseline: of everything where the schema is new, else of what was
 * written to. `own`: it is the file's own, not the template's. No clone has that, so all of it is
 * kept, beside what is known of the template's, and the database's comment says so. Returns the
 * database's mark.
 */
export const takeFunction = `
CREATE FUNCTION ${workshop}.take(own boolean) RETURNS text LANGUAGE plpgsql AS $take$
#variable_conflict use_column
DECLARE
  level CONSTANT int := own::int;
  newest CONSTANT oid := ${newestOid};
  changed oid[];
  whole boolean;
  t record;
  found_rows bigint;
  how text;
  code text;
BEGIN
  IF own AND to_regproc('${schema}.reset_template') IS NULL THEN
    ALTER FUNCTION ${schema}.reset(text, oid, text, boolean) RENAME TO reset_template;
    INSERT INTO ${schema}.units SELECT 1, relation, unit, restore FROM ${schema}.units;
    INSERT INTO ${schema}.shapes SELECT 1, relation, columns, file, shape FROM ${schema}.shapes;
    INSERT INTO ${schema}.sequences SELECT 1, sequence, name, last, called, cached FROM ${schema}.sequences;
    EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(),
      (SELECT regexp_replace(shobj_description(d.oid, 'pg_database'), '^seamkit ', 'seamkit own ')
        FROM pg_database d WHERE d.datname = current_database()));
  END IF;

  -- First: what is written from here on is noted again.
  WITH gone AS (DELETE FROM ${schema}.dirty RETURNING relation), noted AS (
      INSERT INTO ${schema}.before SELECT DISTINCT relation FROM gone WHERE own
    ) SELECT array_agg(DISTINCT u.unit) INTO changed FROM gone JOIN ${schema}.units u USING (relation) WHERE u.layer = level;
  WITH kept AS (UPDATE ${schema}.commands SET kept = true WHERE NOT kept RETURNING 1)
    SELECT count(*) > 0 INTO whole FROM kept;
  whole := whole OR NOT own;
  IF whole THEN
    DELETE FROM ${schema}.units WHERE layer = level;
    DELETE FROM ${schema}.rows WHERE layer = level;
    DELETE FROM ${schema}.sequences WHERE layer = level;
    DELETE FROM ${schema}.shapes WHERE layer = level;
  END IF;

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
      EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'seamkit') AS marked
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (whole OR c.oid = ANY (changed) OR own AND c.oid IN (
        SELECT u.unit FROM ${schema}.units u WHERE u.layer = level AND u.relation = u.unit AND u.restore IS NULL))
  LOOP
    IF NOT t.marked THEN
      EXECUTE format('CREATE TRIGGER seamkit BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
        FOR EACH STATEMENT WHEN (current_setting(''${restoring}'', true) IS NULL)
        EXECUTE FUNCTION ${schema}.mark_table()', t.name);
      EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER seamkit', t.name);
    END IF;
    IF whole THEN
      INSERT INTO ${schema}.units VALUES (level, t.oid, t.unit);
      -- What is written to a table with children may have gone to them.
      IF NOT t.partitioned THEN
        INSERT INTO ${schema}.units
          WITH RECURSIVE below AS (
            SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = t.oid
            UNION SELECT i.inhrelid FROM pg_inherits i JOIN below b ON i.inhparent = b.inhrelid
          ) SELECT level, t.oid, inhrelid FROM below;
      END IF;
    END IF;
    CONTINUE WHEN t.unit <> t.oid;

    -- How to restore it: as code, so that each session plans it once.
    how := NULL;
    DELETE FROM ${schema}.rows WHERE layer = level AND unit = t.oid;
    IF own OR coalesce(t.bytes, 0) <= ${mostBytes} THEN
      EXECUTE format('SELECT count(*) FROM (SELECT FROM %s%s %s) x', t.alone, t.name,
        CASE WHEN own THEN '' ELSE 'LIMIT ${mostRows + 1}' END) INTO found_rows;
      IF found_rows = 0 THEN
        how := format('DELETE FROM %s%s;', t.alone, t.name);
      ELSIF t.columns IS NULL THEN
        how := format('DELETE FROM %s%s; INSERT INTO %s SELECT FROM generate_series(1, %s);',
          t.alone, t.name, t.name, found_rows);
      ELSIF own OR found_rows <= ${mostRows} THEN
        EXECUTE format('INSERT INTO ${schema}.rows SELECT %s, %s, seamkit_row::text FROM %s%s AS seamkit_row',
          level, t.oid, t.alone, t.name);
        -- OFFSET 0: each text is read once, not once per column.
        how := format('DELETE FROM %s%s; INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM
          (SELECT content::%s AS r FROM ${schema}.rows WHERE unit = %s AND layer = %s OFFSET 0) AS s;',
          t.alone, t.name, t.name, t.columns, t.members, t.name, t.oid, level);
      END IF;
    END IF;
    -- Those fire while we restore, too.
    SELECT string_agg(x.sleep || ';', '') || how || string_agg(x.wake || ';', '')
      INTO code FROM (
        SELECT format('ALTER TABLE ONLY %I.%I DISABLE TRIGGER %I', n.nspname, c.relname, g.tgname) AS sleep,
          format('ALTER TABLE ONLY %I.%I ENABLE %s TRIGGER %I', n.nspname, c.relname,
            CASE g.tgenabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, g.tgname) AS wake
        FROM (SELECT t.oid AS relid UNION SELECT relid FROM pg_partition_tree(t.oid)) tree
          JOIN pg_class c ON c.oid = tree.relid JOIN pg_namespace n ON n.oid = c.relnamespace
          JOIN pg_trigger g ON g.tgrelid = c.oid
        WHERE g.tgenabled IN ('A', 'R') AND g.tgname <> 'seamkit'
          AND (NOT g.tgisinternal OR g.tgparentid <> 0) -- a partition's, before version 15
        UNION ALL
        SELECT format('ALTER TABLE %s DISABLE RULE %I', t.name, w.rulename),
          format('ALTER TABLE %s ENABLE %s RULE %I', t.name,
            CASE w.ev_enabled WHEN 'A' THEN 'ALWAYS' ELSE 'REPLICA' END, w.rulename)
        FROM pg_rewrite w WHERE w.ev_class = t.oid AND w.ev_enabled IN ('A', 'R')
      ) x;
    UPDATE ${schema}.units SET restore = format('IF limited AND (%s) > %s THEN RETURN %L; END IF; ',
        CASE WHEN t.partitioned
          THEN format('SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(%s)', t.oid)
          ELSE format('pg_table_size(%s)', t.oid) END,
        coalesce(t.bytes, 0) + ${mostGrowth},
        json_build_object('stale', t.name || ' has grown')) || coalesce(code, how)
      WHERE layer = level AND relation = t.oid AND unit = t.oid;
  END LOOP;
  UPDATE pg_trigger SET tgisinternal = true
    WHERE tgname = 'seamkit' AND tgfoid = '${schema}.mark_table'::regproc AND NOT tgisinternal;

  IF whole THEN
    INSERT INTO ${schema}.shapes
      SELECT level, c.oid, c.relnatts, c.relfilenode, ${schema}.shape(c.oid) FROM pg_class c
      WHERE c.oid IN (SELECT relation FROM ${schema}.units WHERE layer = level);
  END IF;

  -- Sequences: what they hold, and a query of those that hold something else.
  IF whole THEN
    INSERT INTO ${schema}.sequences
      SELECT level, c.oid, format('%I.%I', n.nspname, c.relname), NULL, NULL, q.seqcache > 1
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence q ON q.seqrelid = c.oid
      WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_';
  END IF;
  SELECT string_agg(format('SELECT %s::oid AS sequence, last_value, is_called FROM %s', sequence, name), ' UNION ALL ')
    INTO code FROM ${schema}.sequences WHERE layer = level;
  IF code IS NOT NULL THEN
    -- OFFSET 0: a sequence in the UPDATE itself would be locked, which it cannot be.
    EXECUTE 'UPDATE ${schema}.sequences q SET last = s.last_value, called = s.is_called FROM (' || code || ' OFFSET 0) s
      WHERE s.sequence = q.sequence AND q.layer = ' || level || ' AND (q.last, q.called) IS DISTINCT FROM (s.last_value, s.is_called)';
  END IF;

${resetFunction}
  RETURN (${markOf('current_database()')});
END $take$;
`;

/**
 * From a file's own baseline back to the template's: by the template's own `reset`, told of all that
 * was written since. Clients stay connected: the file that set the baseline may have left some.
 */
export const backFunction = `
CREATE FUNCTION ${workshop}.back(own oid, mark text) RETURNS text LANGUAGE plpgsql AS $back$
DECLARE
  answer text;
BEGIN
  INSERT INTO ${schema}.dirty SELECT relation FROM ${schema}.before;
  UPDATE ${schema}.commands SET kept = false WHERE kept;
  answer := ${schema}.reset_template(NULL, own, mark, false);
  IF answer IS NULL OR answer NOT LIKE '{%' THEN
    DELETE FROM ${schema}.before;
    DELETE FROM ${schema}.units WHERE layer = 1;
    DELETE FROM ${schema}.rows WHERE layer = 1;
    DELETE FROM ${schema}.sequences WHERE layer = 1;
    DELETE FROM ${schema}.shapes WHERE layer = 1;
    DROP FUNCTION ${schema}.reset(text, oid, text, boolean);
    ALTER FUNCTION ${schema}.reset_template(text, oid, text, boolean) RENAME TO reset;
    EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'seamkit ' || mark);
  END IF;
  RETURN answer;
END $back$;
`;
