import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { descriptorCalls, pathCalls } from './fs-calls';
import { real } from './real-fs';
import type { Rules } from './rules';
import { systemError } from './system-error';

/** What becomes of one call. */
export interface Planned {
  /** ms to wait first. */
  delay: number;
  /** It fails in place of running. */
  error?: Error;
  /** It runs with these arguments. */
  args: unknown[];
  /** It fails after it has run: part of its work is done. */
  failsAfter?: Error;
  /** Told the result. */
  done?(result: unknown): void;
}

export function planPaths(all: readonly Rules[], name: string, args: unknown[]): Planned {
  const call = pathCalls[name]!;
  if (descriptorOf(args[0]) !== undefined) return planDescriptor(all, name, args);
  const roles = call.roles(args);
  const paths = roles.map((_, index) => pathOf(args[index]));
  const rules = all.find((one) => paths.some((path) => path !== undefined && one.covers(path)));
  if (!rules) return { delay: 0, args };
  const planned: Planned = { delay: rules.delay, args };
  planned.error = rules.refusal(name, paths, roles, args);
  if (planned.error) return planned;
  if (name === 'writeFile' || name === 'appendFile') limitContent(planned, rules);
  if (name === 'copyFile' || name === 'cp') limitCopy(planned, rules, paths);
  if (name === 'open') planned.done = (result) => rules.open.set(descriptorOf(result)!, paths[0]!);
  return planned;
}

export function planDescriptor(all: readonly Rules[], name: string, args: unknown[]): Planned {
  const descriptor = descriptorOf(args[0])!;
  if (name === 'close') {
    for (const rules of all) rules.open.delete(descriptor);
    return { delay: 0, args };
  }
  const path = openedAs(descriptor, all);
  const rules = path === undefined ? undefined : all.find((one) => one.covers(path));
  if (!rules) return { delay: 0, args };
  const planned: Planned = { delay: rules.delay, args };
  planned.error = rules.descriptorRefusal(descriptorCalls[name] ?? 'write', path!);
  if (planned.error) return planned;
  if (name === 'write') limitWrite(planned, rules);
  if (name === 'writev') limitVector(planned, rules);
  if (name === 'writeFile' || name === 'appendFile') limitContent(planned, rules);
  return planned;
}

/** One system call: it writes what still fits, and only the next one fails. */
function limitWrite(planned: Planned, rules: Rules): void {
  if (rules.free === undefined) return;
  const [descriptor, data, second, third, fourth] = planned.args as any[];
  const isText = typeof data === 'string';
  const { offset, length, position } = isText
    ? { offset: 0, length: undefined, position: second }
    : typeof second === 'object' && second !== null
      ? second
      : { offset: second, length: third, position: fourth };
  const all = bytesOf(data, isText ? third : undefined);
  const bytes = all.subarray(offset ?? 0, (offset ?? 0) + (length ?? all.length));
  const fits = rules.take(bytes.length);
  if (fits === bytes.length) return;
  if (fits === 0) planned.error = systemError('ENOSPC', 'write');
  else {
    // The caller gets its own buffer back, and may go on from where the call stopped.
    const [buffer, start] = isText ? [bytes, 0] : [data, offset ?? 0];
    planned.args = [descriptor, buffer, start, fits, position ?? null];
  }
}

function limitVector(planned: Planned, rules: Rules): void {
  if (rules.free === undefined) return;
  const [descriptor, parts, position] = planned.args as [unknown, Uint8Array[], unknown];
  const bytes = Buffer.concat(parts);
  const fits = rules.take(bytes.length);
  if (fits === bytes.length) return;
  if (fits === 0) planned.error = systemError('ENOSPC', 'write');
  else planned.args = [descriptor, [bytes.subarray(0, fits)], position];
}

/** The file is there, and holds as much as fitted. */
function limitContent(planned: Planned, rules: Rules): void {
  if (rules.free === undefined) return;
  const [target, data, options] = planned.args as any[];
  const encoding = typeof options === 'string' ? options : options?.encoding;
  const full = () => systemError('ENOSPC', 'write');
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
    planned.args = [target, limited(data, rules, full), options];
    return;
  }
  const bytes = bytesOf(data, encoding);
  const fits = rules.take(bytes.length);
  if (fits === bytes.length) return;
  planned.args = [target, bytes.subarray(0, fits), options];
  planned.failsAfter = full();
}

async function* limited(
  parts: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  rules: Rules,
  full: () => Error,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    const bytes = bytesOf(part);
    const fits = rules.take(bytes.length);
    yield bytes.subarray(0, fits);
    if (fits < bytes.length) throw full();
  }
}

/** A copy that does not fit leaves nothing. */
function limitCopy(planned: Planned, rules: Rules, paths: readonly (string | undefined)[]): void {
  const [from, to] = paths;
  if (rules.free === undefined || from === undefined || !rules.covers(to!)) return;
  const stat = real.statSync(from, { throwIfNoEntry: false });
  if (!stat?.isFile()) return;
  if (stat.size > rules.free) planned.error = systemError('ENOSPC', 'copyfile', from, to);
  else rules.take(stat.size);
}

function bytesOf(data: unknown, encoding?: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data, encoding as BufferEncoding);
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The absolute path that an argument means; undefined where it is none. */
function pathOf(value: unknown): string | undefined {
  if (typeof value === 'string') return resolve(value);
  if (Buffer.isBuffer(value)) return resolve(value.toString());
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value);
  return undefined;
}

/** Of a number, or of a file handle. */
function descriptorOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'object' || value === null || !('fd' in value)) return undefined;
  return typeof value.fd === 'number' ? value.fd : undefined;
}

/** Which file a descriptor stands for: as Linux knows it, elsewhere where it was opened since. */
function openedAs(descriptor: number, all: readonly Rules[]): string | undefined {
  try {
    return real.readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return all.flatMap(({ open }) => open.get(descriptor) ?? [])[0];
  }
}
