import { restoring, schema, workshop } from './names';

/** Catalogs whose new rows `undo` can drop again, or knows to go with what they belong to. */
const classes = [
  'pg_class',
  'pg_type',
  'pg_proc',
  'pg_namespace',
  'pg_extension',
  'pg_trigger',
  'pg_rewrite',
  'pg_policy',
  'pg_constraint',
  'pg_attrdef',
  'pg_operator',
  'pg_cast',
  'pg_collation',
  'pg_statistic_ext',
];

/** A table may have 1,600 columns, and keeps the number of each that was dropped. */
const mostColumns = 1_000;

/** An expression: what was made later has a higher oid, so what has one is not the baseline's. */
export const newestOid = `greatest(${classes.map((name) => `(SELECT max(oid) FROM ${name})`).join(', ')})`;

/**
 * Notes each change of the schema, in the changer's own transaction. With `undo`, which drops again
 * what was only added: the objects, and columns and constraints of tables of the baseline. Those
 * tables are compared with their `shapes` then. `undo` returns the command that did anything else.
 */
export const undoFunctions = `
CREATE TABLE ${workshop}.commands (
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tag text NOT NULL, identity text,
  class oid, object oid, subobject int, -- absent: a grant
  dropped boolean NOT NULL,
  original boolean NOT NULL, -- else it went with another
  kept boolean NOT NULL DEFAULT false -- it is part of the file's own baseline
);
CREATE TABLE ${workshop}.shapes (layer int NOT NULL, relation oid NOT NULL, columns int NOT NULL, file oid NOT NULL, shape uuid NOT NULL);

CREATE FUNCTION ${workshop}.mark_schema() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  IF TG_TAG <> 'REINDEX' AND current_setting('${restoring}', true) IS NULL THEN
    INSERT INTO ${schema}.commands (tag, identity, class, object, subobject, dropped, original)
      SELECT c.command_tag, c.object_identity, c.classid, c.objid, c.objsubid, false, true
      FROM pg_catalog.pg_event_trigger_ddl_commands() c
      WHERE c.schema_name IS DISTINCT FROM 'pg_temp' AND NOT c.in_extension;
  END IF;
END $mark$;

CREATE FUNCTION ${workshop}.mark_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  IF current_setting('${restoring}', true) IS NULL THEN
    INSERT INTO ${schema}.commands (tag, identity, class, object, subobject, dropped, original)
      SELECT TG_TAG, d.object_identity, d.classid, d.objid, d.objsubid, true, d.original
      FROM pg_catalog.pg_event_trigger_dropped_objects() d WHERE NOT d.is_temporary;
  END IF;
END $mark$;

CREATE FUNCTION ${workshop}.mark_index() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $mark$
BEGIN
  -- One that fails while it is made concurrently stays behind, and no other trigger hears of it.
  IF current_setting('${restoring}', true) IS NULL THEN
    INSERT INTO ${schema}.commands (tag, dropped, original) VALUES (TG_TAG, false, false);
  END IF;
END $mark$;

CREATE FUNCTION ${workshop}.shape(relation oid) RETURNS uuid LANGUAGE sql STABLE AS $shape$
  SELECT md5(concat_ws(E'\\n',
    (SELECT to_jsonb(c) - '{relpages,reltuples,relallvisible,relallfrozen,relfilenode,relfrozenxid,relminmxid,
      relhasindex,relhasrules,relhastriggers,relhassubclass,relnatts,reltoastrelid}'::text[] FROM pg_class c WHERE c.oid = relation),
    (SELECT string_agg((to_jsonb(a) - 'attmissingval' - 'atthasmissing')::text, ' ' ORDER BY a.attnum)
      FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(to_jsonb(d)::text, ' ' ORDER BY d.oid) FROM pg_attrdef d WHERE d.adrelid = relation),
    (SELECT string_agg(to_jsonb(c)::text, ' ' ORDER BY c.oid) FROM pg_constraint c WHERE c.conrelid = relation),
    (SELECT string_agg(to_jsonb(t)::text, ' ' ORDER BY t.oid) FROM pg_trigger t WHERE t.tgrelid = relation),
    (SELECT string_agg(to_jsonb(r)::text, ' ' ORDER BY r.oid) FROM pg_rewrite r WHERE r.ev_class = relation),
    (SELECT string_agg((to_jsonb(i) - '{indcheckxmin,indisready,indislive}'::text[])::text, ' ' ORDER BY i.indexrelid)
      FROM pg_index i WHERE i.indrelid = relation),
    (SELECT string_agg(to_jsonb(i)::text, ' ' ORDER BY i.inhparent, i.inhrelid) FROM pg_inherits i
      WHERE relation IN (i.inhrelid, i.inhparent)),
    (SELECT t.reloptions FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.oid = relation)
  ))::uuid
$shape$;

CREATE FUNCTION ${workshop}.undo(newest oid, level int) RETURNS text LANGUAGE plpgsql AS $undo$
#variable_conflict use_column
DECLARE
  reason text;
  statements text[];
  step text;
  altered oid[];
BEGIN
  -- An ALTER TABLE has to be looked at; a column that it dropped is part of that.
  SELECT concat_ws(' ', tag, identity) INTO reason FROM ${schema}.commands
    WHERE original AND (class = ANY ('{${classes.join(',')}}'::regclass[]) AND object > newest) IS NOT TRUE
      AND (tag <> 'ALTER TABLE' OR dropped AND subobject = 0 OR object NOT IN (SELECT relation FROM ${schema}.shapes WHERE layer = level))
      AND NOT kept
    ORDER BY at LIMIT 1;
  IF reason IS NOT NULL THEN
    RETURN reason;
  END IF;
  SELECT array_agg(DISTINCT object) INTO altered FROM ${schema}.commands WHERE object <= newest AND NOT kept;

  -- Constraints and columns of the baseline's tables first. What is inherited goes with the parent's.
  -- (What keeps a new column from being empty goes with it, and may not go before.)
  SELECT array_agg(format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', relation::regclass, conname))
    INTO statements FROM pg_constraint JOIN ${schema}.shapes ON relation = conrelid
    WHERE layer = level AND conrelid = ANY (altered) AND oid > newest AND coninhcount = 0 AND contype <> 't'
      AND NOT (contype = 'n' AND conkey[1] > columns);
  SELECT statements || array_agg(format('ALTER TABLE %s DROP COLUMN IF EXISTS %I CASCADE', relation::regclass, attname))
    INTO statements FROM pg_attribute JOIN ${schema}.shapes ON relation = attrelid
    WHERE layer = level AND attrelid = ANY (altered) AND attnum > columns AND NOT attisdropped AND attinhcount = 0;
  -- Then what was made, the last first, save parts of others. And indexes that failed half-way.
  SELECT statements || array_agg(format('DROP %s IF EXISTS %s CASCADE',
      CASE i.type WHEN 'statistics object' THEN 'statistics' ELSE i.type END, i.identity) ORDER BY at DESC)
    INTO statements FROM (
      SELECT class, object, max(at) AS at FROM ${schema}.commands
      WHERE object > newest AND class <> 'pg_constraint'::regclass AND NOT kept
      GROUP BY class, object HAVING NOT bool_or(dropped AND subobject = 0)
    ) made, pg_identify_object(class, object, 0) i
    WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = class AND d.objid = object AND d.deptype IN ('i', 'P', 'S'));
  SELECT statements || array_agg(format('DROP INDEX IF EXISTS %s', indexrelid::regclass)) INTO statements
    FROM pg_index WHERE indexrelid > newest AND NOT indisvalid AND indrelid IN (SELECT relation FROM ${schema}.shapes WHERE layer = level);
  FOREACH step IN ARRAY coalesce(statements, '{}') LOOP
    EXECUTE step;
  END LOOP;

  -- OFFSET 0: not all tables are compared.
  SELECT concat_ws(' ', tag, identity) INTO reason FROM (
      SELECT * FROM ${schema}.commands JOIN ${schema}.shapes ON relation = object
      WHERE layer = level AND NOT dropped AND NOT kept OFFSET 0
    ) a LEFT JOIN pg_class c ON c.oid = relation
    WHERE shape IS DISTINCT FROM ${schema}.shape(relation) OR c.relnatts > columns + ${mostColumns}
    ORDER BY at LIMIT 1;
  -- Its rows may have been written again.
  INSERT INTO ${schema}.dirty SELECT relation FROM ${schema}.shapes JOIN pg_class c ON c.oid = relation
    WHERE layer = level AND relation = ANY (altered) AND (c.relfilenode <> file OR c.relhassubclass);
  DELETE FROM ${schema}.commands WHERE NOT kept;
  RETURN reason;
END $undo$;
`;
