import { variable } from './variables';

/** How much Seamkit says, `SEAMKIT_LOG`: each level includes those before. Default `warn`. */
const levels = ['silent', 'warn', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];

/** Prints one plain line to stderr, where the level allows it. */
export function print(level: Exclude<Level, 'silent'>, line: string): void {
  const wanted = levels.indexOf((variable('SEAMKIT_LOG') ?? 'warn') as Level);
  if (levels.indexOf(level) <= wanted) process.stderr.write(`seamkit ${line}\n`);
}
