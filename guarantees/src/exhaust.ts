/** ms; the heap of a process that is to run out of memory. */
export const smallHeap = '--max-old-space-size=160';

/**
 * A module for `node --require`: a process that finds the mark `exhaust-<its pid>` takes memory
 * until V8 aborts it.
 */
export function exhaustModule(marks: string): string {
  return `
    const { existsSync } = require('node:fs');
    const { setInterval } = require('node:timers');
    const mark = ${JSON.stringify(`${marks}/exhaust-`)} + process.pid;
    setInterval(() => {
      if (!existsSync(mark)) return;
      const hoard = [];
      for (;;) hoard.push(new Array(100_000).fill(hoard.length + 0.5));
    }, 50).unref();
  `;
}
