interface Block {
  hooks: { fn: unknown }[];
  children: (Block & { type: string })[];
}

interface Event {
  name: string;
  test?: { errors: [error: unknown, asyncError?: unknown][] };
  hook?: { type: string; parent: { name: string; parent?: unknown } };
}

type Handler = (event: Event, state: { rootDescribeBlock: Block }) => void | Promise<void>;

/**
 * jest-circus' list of event handlers, which other tools use as well. Where it is missing, what these
 * functions do for a file is left out, and all else works.
 */
function handlers(): Handler[] {
  const { [Symbol.for('EVENT_HANDLERS')]: list } = globalThis as { [handlers: symbol]: unknown };
  return Array.isArray(list) ? list : [];
}

/**
 * Jest runs a file's `afterAll` hooks in the order of their declaration. This moves one to the end of
 * its block, so that the file's own still find what `use()` gave them.
 */
export function runLast(hook: unknown): void {
  handlers().push((event, state) => {
    if (event.name === 'run_start') move(state.rootDescribeBlock, hook);
  });
}

function move(block: Block, hook: unknown): void {
  const at = block.hooks.findIndex(({ fn }) => fn === hook);
  if (at >= 0) block.hooks.push(...block.hooks.splice(at, 1));
  for (const child of block.children) if (child.type === 'describeBlock') move(child, hook);
}

/** Calls `run` before each `beforeAll` of a `describe`, with its name. Jest waits for it. */
export function beforeNested(run: (describe: string) => Promise<void>): void {
  handlers().push(async ({ name, hook }) => {
    if (name !== 'hook_start' || hook?.type !== 'beforeAll' || !hook.parent.parent) return;
    await run(hook.parent.name).catch(() => {}); // the next test hears of it
  });
}

/**
 * Jest tells an error of `beforeAll` for each test of the file, and once more for each hook that met
 * it. This leaves it to the first test that runs, and lets the others refer to that one.
 */
export function tellOnce(error: unknown): void {
  let told = false;
  handlers().push(({ name, test }) => {
    if (!test || (name !== 'test_started' && name !== 'test_skip')) return;
    const others = test.errors.filter(([reason]) => reason !== error);
    if (others.length === test.errors.length) return;
    test.errors = others;
    if (name === 'test_skip') return; // Jest would tell it for these, too
    test.errors.unshift([told ? afterThat(error) : error]);
    told = true;
  });
}

function afterThat(error: unknown): Error {
  const { code = 'an error' } = error as { code?: string };
  const message = `not run: see ${code} at this file's first test`;
  return Object.assign(new Error(message), { stack: message }); // no place in ours is worth a look
}
