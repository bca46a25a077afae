import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Calls of built-in functions, such as `map`, stand in no file. */
const frames = 5;

/**
 * The folder of the package whose file calls a function: where relative paths that it passes begin,
 * whatever the working folder is. Where no file calls, in a REPL say, the working folder.
 * @param callee the function, or the outermost of ours that leads to it
 */
export function callersFolder(callee: (...args: any[]) => unknown): string {
  const file = callersFile(callee);
  if (!file) return process.cwd();
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  return process.cwd();
}

/** By V8's own list of calls, before source maps change the names: these may lead out of the package. */
function callersFile(callee: (...args: any[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const calls: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = frames;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(calls, callee);
    for (const site of calls.stack ?? []) {
      const name = site.getFileName()?.replace(/[?#].*$/s, '');
      if (name?.startsWith('file:')) return fileURLToPath(name);
      if (name && isAbsolute(name)) return name;
    }
    return undefined;
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
