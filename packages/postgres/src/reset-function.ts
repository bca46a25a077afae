import { inTransaction, markOf, schema } from './names';

/** The code that makes the function `reset` for the baseline that was taken. */
export const resetFunction = `
  EXECUTE format($body$
CREATE OR REPLACE FUNCTION ${schema}.reset(since text, own oid, mark text, look boolean) RETURNS text LANGUAGE plpgsql AS $reset$
#variable_conflict use_column
DECLARE
  busy json;
  now pg_snapshot;
  seen text;
  changed oid[];
  step record;
  altered text;
  touched boolean := false;
  limited CONSTANT boolean := %4$L;
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
      WHERE q.layer = %6$s AND pg_sequence_last_value(q.sequence) IS DISTINCT FROM CASE WHEN q.called THEN q.last END
    ) THEN
      RETURN seen;
    END IF;
  END IF;

  SELECT json_agg(p.gid) INTO busy FROM pg_prepared_xact() p WHERE p.dbid = own;
  IF busy IS NOT NULL THEN
    RETURN json_build_object('prepared', busy);
  END IF;

  altered := CASE
    WHEN mark IS DISTINCT FROM (${markOf('current_database()')}) THEN 'the database was altered'
    WHEN (SELECT count(*) || ' ' || coalesce(sum(o.xmin::text::bigint), 0) FROM pg_largeobject_metadata o) || ' ' ||
      (SELECT count(*) || ' ' || coalesce(sum(p.xmin::text::bigint), 0) FROM pg_largeobject p) <> %1$L
    THEN 'large objects changed'
  END;
  IF look THEN
    RETURN CASE WHEN altered IS NOT NULL OR EXISTS (SELECT FROM ${schema}.dirty) OR
      EXISTS (SELECT FROM ${schema}.commands WHERE NOT kept) OR EXISTS (%2$s) THEN '{"differs": true}' ELSE seen END;
  END IF;
  IF altered IS NOT NULL THEN
    RETURN json_build_object('stale', altered);
  END IF;

  -- Who writes now notes it after us, and is not forgotten.
  LOCK TABLE ${schema}.dirty, ${schema}.commands IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM ${schema}.commands WHERE NOT kept) THEN
    altered := ${schema}.undo(%5$s, %6$s);
    IF altered IS NOT NULL THEN
      RETURN json_build_object('stale', altered || ' changed the schema', 'command', altered);
    END IF;
    touched := true;
  END IF;
  SELECT array_agg(DISTINCT u.unit) INTO changed FROM ${schema}.dirty d JOIN ${schema}.units u USING (relation) WHERE u.layer = %6$s;
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
    SELECT q.* FROM (%2$s) AS moved(sequence) JOIN ${schema}.sequences q USING (sequence) WHERE q.layer = %6$s
  LOOP
    IF step.cached THEN
      EXECUTE format('ALTER SEQUENCE %%s RESTART', step.name);
    END IF;
    PERFORM setval(step.sequence, step.last, step.called);
    touched := true;
  END LOOP;
  RETURN CASE WHEN touched THEN 'undone' ELSE seen END;
END $reset$
  $body$,
    (SELECT count(*) || ' ' || coalesce(sum(o.xmin::text::bigint), 0) FROM pg_largeobject_metadata o) || ' ' ||
    (SELECT count(*) || ' ' || coalesce(sum(p.xmin::text::bigint), 0) FROM pg_largeobject p),
    coalesce((SELECT string_agg(format('SELECT %s::oid FROM %s WHERE last_value <> %s OR is_called <> %L',
      sequence, name, last, called), ' UNION ALL ') FROM ${schema}.sequences WHERE layer = level), 'SELECT 0::oid WHERE false'),
    (SELECT string_agg(format('IF %s = ANY (changed) THEN %s END IF;', unit, coalesce(restore, format('RETURN %L;',
      json_build_object('stale', unit::regclass || ' is quicker to clone than to restore')))), E'\\n')
      FROM ${schema}.units WHERE layer = level AND relation = unit),
    NOT own,
    newest,
    level);
`;
