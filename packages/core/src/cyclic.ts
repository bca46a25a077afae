/** Whether an object or a list holds itself, at any depth. Class instances count with their fields. */
export function isCyclic(value: unknown): boolean {
  const above = new Set<unknown>();
  const harmless = new Set<unknown>(); // what several parts share is looked at once
  const holdsItself = (part: unknown): boolean => {
    if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return false;
    if (above.has(part)) return true;
    if (harmless.has(part)) return false;
    above.add(part);
    const found = Object.values(part).some(holdsItself);
    above.delete(part);
    harmless.add(part);
    return found;
  };
  return holdsItself(value);
}
