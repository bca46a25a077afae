import { isAbsolute, join } from 'node:path';
import { SeamkitError } from '@seamkit/core';
import { real } from './real-fs';

/** As many links as Linux follows. */
const mostLinks = 40;

/**
 * The absolute path of `name` in the folder `root`, where no `..` and no link leads out of it.
 * @param root without links itself
 * @throws SeamkitError `OPTION_INVALID`
 */
export function inside(root: string, name: string): string {
  if (typeof name !== 'string' || name === '') throw outside(name, 'is no name');
  if (name.includes('\0')) throw outside(name, 'holds a NUL');
  if (isAbsolute(name)) throw outside(name, 'is an absolute path');
  const given = name.split('/').filter((part) => part !== '' && part !== '.');
  if (given.includes('..')) throw outside(name, "holds '..'");

  const steps = [...given];
  let at: string[] = [];
  let links = 0;
  while (steps.length > 0) {
    const step = steps.shift()!;
    if (step === '' || step === '.') continue;
    if (step === '..') {
      if (at.pop() === undefined) throw outside(name, 'leads out of the folder through a link');
      continue;
    }
    const target = linkAt(join(root, ...at, step));
    if (target === undefined) {
      at.push(step);
      continue;
    }
    if (++links > mostLinks) throw outside(name, 'goes in circles through links');
    if (isAbsolute(target)) {
      if (target !== root && !target.startsWith(`${root}/`)) {
        throw outside(name, 'leads out of the folder through a link');
      }
      at = [];
      steps.unshift(...target.slice(root.length).split('/'));
    } else {
      steps.unshift(...target.split('/'));
    }
  }
  return join(root, ...given);
}

function linkAt(path: string): string | undefined {
  try {
    return real.readlinkSync(path);
  } catch {
    return undefined; // no link, or nothing
  }
}

function outside(name: unknown, why: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', `the path ${JSON.stringify(name)} ${why}`, {
    hint: "pass a path below the sandbox's folder, such as 'orders/1.csv'",
  });
}
