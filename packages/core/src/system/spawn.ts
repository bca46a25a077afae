import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';

/**
 * Node's `spawn`. Where no more files can be opened, it throws that: Node's own then returns a child
 * whose pipes are `undefined`, and tells why only later.
 */
export const spawn: typeof nodeSpawn = ((...args: Parameters<typeof nodeSpawn>) => {
  const child: ChildProcess = nodeSpawn(...args);
  if (child.stdio !== undefined) return child;
  child.once('error', () => {});
  throw Object.assign(new Error(`too many open files to run ${args[0]}`), { code: 'EMFILE' });
}) as typeof nodeSpawn;
