/**
 * For runners that run hooks in the order of declaration: declares ours once the file, or the suite,
 * has declared its own.
 */
export function afterOwn(declare: () => void): void {
  queueMicrotask(declare);
}
