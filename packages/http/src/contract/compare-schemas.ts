import { isDeepStrictEqual } from 'node:util';
import { isNode, type Node } from './document';
import { type Converted, flatten } from './flatten-schema';

export interface BreakingChange {
  /** `GET /orders/{id}`. */
  operation: string;
  /** The place in the document: in the new one, where it still is there. */
  pointer: string;
  /** Whether a request is refused now, or an answer is not what it was. */
  where: 'request' | 'response';
  /** What breaks a client: `the body /total is gone`. */
  message: string;
}

interface SchemaChange {
  /** Absolute url in the new document. */
  at: string;
  /** Starts with the pointer into the value: ` /total: is gone`. */
  message: string;
}

type Side = [documents: Converted, at: string];

/**
 * Requests may be accepted more widely, and answers be promised more narrowly, than before; the
 * other way round is a breaking change.
 */
export function compareSchemas(
  where: 'request' | 'response',
  before: Side,
  after: Side,
): SchemaChange[] {
  const changes: SchemaChange[] = [];
  compare({ where, changes, seen: new Set() }, before, after, '');
  return changes;
}

interface Run {
  where: 'request' | 'response';
  changes: SchemaChange[];
  /** Pairs that are compared already: schemas may be recursive. */
  seen: Set<string>;
}

function compare(run: Run, before: Side, after: Side, pointer: string): void {
  const was = flatten(...before);
  const is = flatten(...after);
  const pair = `${was.at} ${is.at}`;
  if (run.seen.has(pair)) return;
  run.seen.add(pair);
  const report = (message: string) =>
    run.changes.push({ at: is.at, message: ` ${pointer}`.trimEnd() + message });
  compareTypes(run, was.schema, is.schema, report);
  compareValues(run, was.schema, is.schema, report);
  compareBounds(run, was.schema, is.schema, report);
  compareProperties(run, was, is, before[0], after[0], pointer, report);
  compareUnions(run, was, is, before[0], after[0], pointer, report);
  const [oldItems, newItems] = [was.schema.items, is.schema.items];
  if (isNode(oldItems) && isNode(newItems)) {
    compare(run, [before[0], was.places.items!], [after[0], is.places.items!], `${pointer}/*`);
  }
}

type Report = (message: string) => void;

function compareTypes({ where }: Run, was: Node, is: Node, report: Report): void {
  const [old, now] = [typesOf(was), typesOf(is)];
  if (where === 'request') {
    const lost = lacking(old ?? everything, now);
    if (lost.length > 0) report(`: may no longer be ${lost.join(' or ')}`);
  } else {
    const gained = lacking(now ?? everything, old);
    if (gained.length > 0) report(`: may be ${gained.join(' or ')} now`);
  }
}

const everything = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);

/** What `types` has and `others` do not let through. */
function lacking(types: Set<string>, others: Set<string> | undefined): string[] {
  if (!others) return [];
  return [...types].filter(
    (type) => !others.has(type) && !(type === 'integer' && others.has('number')),
  );
}

function typesOf({ type }: Node): Set<string> | undefined {
  return type === undefined ? undefined : new Set([type].flat());
}

function compareValues({ where }: Run, was: Node, is: Node, report: Report): void {
  const [old, now] = [valuesOf(was), valuesOf(is)];
  const [wide, narrow] = where === 'request' ? [old, now] : [now, old];
  if (!narrow) return;
  const gone = wide?.filter((value) => !narrow.some((other) => isDeepStrictEqual(value, other)));
  const shown = gone?.map((value) => JSON.stringify(value)).join(', ');
  if (where === 'request') {
    if (!wide) report(`: must be one of ${JSON.stringify(narrow).slice(1, -1)} now`);
    else if (shown) report(`: may no longer be ${shown}`);
  } else if (!wide) report(': may be any value now');
  else if (shown) report(`: may be ${shown} now`);
}

function valuesOf(schema: Node): unknown[] | undefined {
  return 'const' in schema ? [schema.const] : schema.enum;
}

const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];

/** Only what a request may have: an answer's bounds are seldom relied upon. */
function compareBounds({ where }: Run, was: Node, is: Node, report: Report): void {
  if (where === 'response') return;
  for (const [keywords, tighter] of [
    [lower, (old: number, now: number) => now > old],
    [upper, (old: number, now: number) => now < old],
  ] as const) {
    for (const key of keywords) {
      if (is[key] === undefined || is[key] === was[key]) continue;
      if (was[key] === undefined || tighter(was[key], is[key]))
        report(`: ${key} is ${is[key]} now`);
    }
  }
  for (const key of ['pattern', 'format', 'multipleOf', 'uniqueItems']) {
    if (is[key] && !isDeepStrictEqual(is[key], was[key])) report(`: ${key} is ${is[key]} now`);
  }
}

type Flat = ReturnType<typeof flatten>;

function compareProperties(
  run: Run,
  was: Flat,
  is: Flat,
  old: Converted,
  now: Converted,
  pointer: string,
  report: Report,
): void {
  const below = (name: string, message: string) =>
    run.changes.push({ at: is.at, message: ` ${pointer}/${name}: ${message}` });
  const [required, requiredNow] = [
    new Set<string>(was.schema.required),
    new Set<string>(is.schema.required),
  ];
  const [members, membersNow] = [was.schema.properties ?? {}, is.schema.properties ?? {}];
  if (run.where === 'request') {
    for (const name of requiredNow) if (!required.has(name)) below(name, 'is required now');
  }
  const closed = isClosed(is.schema);
  for (const name of Object.keys(members)) {
    if (!(name in membersNow)) {
      if (run.where === 'response' || closed)
        below(name, run.where === 'response' ? 'is gone' : 'is no longer allowed');
      continue;
    }
    if (run.where === 'response' && required.has(name) && !requiredNow.has(name)) {
      below(name, 'may be missing now');
    }
    if (!isNode(members[name]) || !isNode(membersNow[name])) continue;
    compare(
      run,
      [old, was.places[`properties/${name}`]!],
      [now, is.places[`properties/${name}`]!],
      `${pointer}/${name}`,
    );
  }
  if (run.where === 'request' && closed && !isClosed(was.schema)) {
    report(': no other properties are allowed now');
  }
}

function isClosed({ additionalProperties, unevaluatedProperties }: Node): boolean {
  return additionalProperties === false || unevaluatedProperties === false;
}

/** Each branch must find one that it fits, on the other side. */
function compareUnions(
  run: Run,
  was: Flat,
  is: Flat,
  old: Converted,
  now: Converted,
  pointer: string,
  report: Report,
): void {
  const [branches, branchesNow] = [was.branches, is.branches];
  if (branches.length === 0 && branchesNow.length === 0) return;
  if (branches.length === 0 || branchesNow.length === 0) {
    // A union on one side alone: the other side is its only branch.
    if ((run.where === 'request') === (branches.length === 0))
      report(': is one of several schemas now');
    return;
  }
  const fits = (a: string, b: string) => {
    const trial: Run = { where: run.where, changes: [], seen: new Set(run.seen) };
    compare(trial, [old, a], [now, b], pointer);
    return trial.changes.length === 0;
  };
  const [each, others] =
    run.where === 'request' ? [branches, branchesNow] : [branchesNow, branches];
  for (const branch of each) {
    const fitting = others.some((other) =>
      run.where === 'request' ? fits(branch, other) : fits(other, branch),
    );
    if (fitting) continue;
    const name = branch.slice(branch.lastIndexOf('/') + 1);
    report(
      run.where === 'request'
        ? `: may no longer be '${name}'`
        : `: may be '${name}' now, which it was not`,
    );
  }
}
