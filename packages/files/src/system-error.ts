import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** The error that Node makes of a failed system call: same message, `code`, `errno`, `syscall`, `path`. */
export function systemError(
  code: string,
  syscall: string,
  path?: string,
  dest?: string,
): NodeJS.ErrnoException {
  const errno = -errnoOf(code)!;
  const text = getSystemErrorMap().get(errno)?.[1] ?? code;
  const where = path === undefined ? '' : ` '${path}'`;
  const to = dest === undefined ? '' : ` -> '${dest}'`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${text}, ${syscall}${where}${to}`);
  return Object.assign(error, {
    errno,
    code,
    syscall,
    ...(path !== undefined && { path }),
    ...(dest !== undefined && { dest }),
  });
}

export function errnoOf(code: string): number | undefined {
  return (constants.errno as Record<string, number>)[code];
}
