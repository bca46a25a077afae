import { type OptionCheck, SeamkitError } from '@seamkit/core';

/**
 * Refuses unknown and malformed fields of what a function of the kit is given.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function checkFields(
  place: string,
  fields: object,
  checks: Record<string, OptionCheck>,
): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new SeamkitError('OPTION_INVALID', `${place} takes an object, not ${show(fields)}`, {
      hint: `pass an object with any of: ${Object.keys(checks).sort().join(', ')}`,
    });
  }
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (!rule) {
      throw new SeamkitError('OPTION_INVALID', `${place} knows no '${name}'`, {
        hint: `use any of: ${Object.keys(checks).sort().join(', ')}`,
      });
    }
    if (!rule.accepts(value)) {
      throw new SeamkitError('OPTION_INVALID', `${place}: '${name}' is ${show(value)}`, {
        hint: `pass ${rule.expected}`,
      });
    }
  }
}

function show(value: unknown): string {
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}
