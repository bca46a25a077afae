import { real } from './real-fs';

const table = '/proc/self/fd';

/**
 * Files below a folder that this process holds open, by descriptor. Empty where the system has no
 * list of them to read (all but Linux).
 */
export function openHandles(root: string): Map<number, string> {
  const open = new Map<number, string>();
  for (const name of descriptors()) {
    const path = target(name);
    if (path?.startsWith(`${root}/`)) open.set(Number(name), path.slice(root.length + 1));
  }
  return open;
}

function descriptors(): string[] {
  try {
    return real.readdirSync(table);
  } catch {
    return [];
  }
}

/** Undefined: it was closed meanwhile. */
function target(name: string): string | undefined {
  try {
    return real.readlinkSync(`${table}/${name}`);
  } catch {
    return undefined;
  }
}
