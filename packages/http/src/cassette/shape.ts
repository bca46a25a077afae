// The items of a list share one pointer, `/items/*`.
/** The types of what a JSON value holds, by pointer. */
export type Shape = Map<string, Set<string>>;

export function shapeOf(value: unknown): Shape {
  const shape: Shape = new Map();
  collect(value, '', shape);
  return shape;
}

function collect(value: unknown, pointer: string, shape: Shape): void {
  const types = shape.get(pointer) ?? new Set();
  shape.set(pointer, types.add(typeOf(value)));
  if (Array.isArray(value)) {
    for (const item of value) collect(item, `${pointer}/*`, shape);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      collect(item, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, shape);
    }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

export interface ShapeChange {
  pointer: string;
  kind: 'removed' | 'added' | 'type';
  message: string;
}

/** What changed between two values beside the values. A list that is empty says nothing of its items. */
export function compareShapes(before: Shape, after: Shape): ShapeChange[] {
  const changes: ShapeChange[] = [];
  for (const [pointer, types] of before) {
    const now = after.get(pointer);
    if (now) {
      // Fewer types than before are a matter of data; `null` alone said nothing of the type.
      const more = [...now].some((type) => !types.has(type));
      if (more && !onlyNull(types)) {
        changes.push({
          pointer,
          kind: 'type',
          message: `was ${describe(types)}, is ${describe(now)}`,
        });
      }
    } else if (isVisible(pointer, after)) {
      changes.push({ pointer, kind: 'removed', message: `was ${describe(types)}, is gone` });
    }
  }
  for (const [pointer, types] of after) {
    if (before.has(pointer) || !isVisible(pointer, before)) continue;
    changes.push({ pointer, kind: 'added', message: `is new: ${describe(types)}` });
  }
  return changes;
}

/** Whether the parent is there as something that could have held it: else the parent tells the change. */
function isVisible(pointer: string, shape: Shape): boolean {
  const parent = shape.get(pointer.slice(0, pointer.lastIndexOf('/')));
  if (!parent) return false;
  return pointer.endsWith('/*') ? false : parent.has('object');
}

function onlyNull(types: Set<string>): boolean {
  return types.size === 1 && types.has('null');
}

function describe(types: Set<string>): string {
  return [...types].sort().join(' or ');
}
