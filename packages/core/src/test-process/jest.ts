interface Block {
  hooks: { fn: unknown }[];
  children: (Block & { type: string })[];
}

/**
 * Jest runs a file's `afterAll` hooks in the order of their declaration. This moves one to the end of
 * its block, so that the file's own still find what `use()` gave them. By jest-circus' list of event
 * handlers, which other tools use as well; where it is missing, the order stays.
 */
export function runLast(hook: unknown): void {
  const { [Symbol.for('EVENT_HANDLERS')]: handlers } = globalThis as {
    [handlers: symbol]: unknown;
  };
  if (!Array.isArray(handlers)) return;
  handlers.push((event: { name: string }, state: { rootDescribeBlock: Block }) => {
    if (event.name === 'run_start') move(state.rootDescribeBlock, hook);
  });
}

function move(block: Block, hook: unknown): void {
  const at = block.hooks.findIndex(({ fn }) => fn === hook);
  if (at >= 0) block.hooks.push(...block.hooks.splice(at, 1));
  for (const child of block.children) if (child.type === 'describeBlock') move(child, hook);
}
