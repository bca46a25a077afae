import type { ProcessContext, ProgramSpec } from '../contract';
import { findProgram } from '../program/find';
import type { ServerStart } from './server-start';

/** Where the asking process would find programs. */
export interface Asker {
  /** Its PATH and working folder. */
  path: string;
  from: string;
  /** Its SEAMKIT_… variables, which count over the keeper's own. */
  env: Record<string, string>;
}

/** Finds programs for a start, as its asker would. Time for downloads is not the start's. */
export function programSearch(start: ServerStart, asker: Asker): ProcessContext['program'] {
  return (spec: ProgramSpec) =>
    start.deadline.pauseDuring(() =>
      findProgram(spec, {
        kit: start.kit,
        path: asker.path,
        from: asker.from,
        env: { ...process.env, ...asker.env },
        step: (title, work, timeout) => start.step(title, work, timeout),
        log: (line) => start.log(line),
      }),
    );
}
