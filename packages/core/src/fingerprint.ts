import { createHash } from 'node:crypto';
import { isCyclic } from './cyclic';
import { SeamkitError } from './errors';

/**
 * A short hash of any value: equal values give equal hashes, whatever the order of their keys.
 * Functions count by their source and by `run`; `undefined` members do not count.
 * @throws SeamkitError `OPTION_INVALID` where a value refers to itself
 */
export function fingerprint(value: unknown, run = ''): string {
  if (isCyclic(value)) {
    throw new SeamkitError(
      'OPTION_INVALID',
      'a value that the baseline depends on refers to itself',
      {
        hint: 'pass plain data, with no way back from a part to the whole',
      },
    );
  }
  const hash = createHash('sha256');
  const add = (part: unknown): void => {
    if (typeof part === 'function') {
      hash.update(`function ${run} ${part.toString()};`);
    } else if (ArrayBuffer.isView(part)) {
      hash
        .update('bytes ')
        .update(part as Uint8Array)
        .update(';');
    } else if (Array.isArray(part)) {
      hash.update('[');
      for (const item of part) add(item);
      hash.update(']');
    } else if (typeof part === 'object' && part !== null) {
      hash.update('{');
      for (const [key, member] of Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (member === undefined) continue;
        hash.update(`${JSON.stringify(key)}:`);
        add(member);
      }
      hash.update('}');
    } else {
      hash.update(`${typeof part} ${JSON.stringify(part) ?? String(part)};`);
    }
  };
  add(value);
  return hash.digest('hex').slice(0, 16);
}
