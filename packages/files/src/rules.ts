import { dirname } from 'node:path';
import { opensDescriptor, pathCalls, type Role } from './fs-calls';
import { real } from './real-fs';
import { systemError } from './system-error';

/** What is forbidden in one sandbox at this moment, and for how long it takes to find out. */
export class Rules {
  readOnly: string[] = [];
  /** What a mode without rights would forbid to anybody but root. */
  denied: { path: string; access: 'all' | 'write' }[] = [];
  failing: { path: string; code: string }[] = [];
  /** Bytes that can still be written. */
  free: number | undefined;
  /** Descriptors that may be open at once, of those that were opened since. */
  mostOpen: number | undefined;
  /** ms that each call waits. */
  delay = 0;
  /** Descriptors that were opened since, and what they stand for. */
  readonly open = new Map<number, string>();

  constructor(readonly root: string) {}

  get none(): boolean {
    const { readOnly, denied, failing, free, mostOpen, delay } = this;
    return (
      readOnly.length + denied.length + failing.length + delay === 0 &&
      free === undefined &&
      mostOpen === undefined
    );
  }

  covers(path: string): boolean {
    return isWithin(path, this.root);
  }

  /** Why the system would refuse this call; undefined where it would not, or not for these reasons. */
  refusal(
    name: string,
    paths: readonly (string | undefined)[],
    roles: readonly (Role | undefined)[],
    args: readonly unknown[],
  ): Error | undefined {
    const error = (code: string) => {
      const [path, dest] = args.slice(0, roles.length).map(String);
      return systemError(code, syscallOf(name, paths[0]), path, dest);
    };
    for (const [index, role] of roles.entries()) {
      const path = paths[index];
      if (role === undefined || path === undefined || !this.covers(path)) continue;
      const failing = this.failing.findLast((rule) => isWithin(path, rule.path));
      if (failing) return error(failing.code);
      if (opensDescriptor(role) && this.open.size >= (this.mostOpen ?? Number.POSITIVE_INFINITY)) {
        return error('EMFILE');
      }
      if (this.isDenied(path, role, name)) return error('EACCES');
      if (this.isReadOnly(path, role)) return error('EROFS');
      if (role === 'add' && name.startsWith('mk') && this.free === 0 && !exists(path)) {
        return error('ENOSPC');
      }
    }
    return undefined;
  }

  /** The same for a call on an open file. */
  descriptorRefusal(syscall: string, path: string): Error | undefined {
    const failing = this.failing.findLast((rule) => isWithin(path, rule.path));
    return failing && syscall !== 'close' ? systemError(failing.code, syscall) : undefined;
  }

  /** How many of `bytes` can be written; they count as written. */
  take(bytes: number): number {
    if (this.free === undefined) return bytes;
    const taken = Math.min(bytes, this.free);
    this.free -= taken;
    return taken;
  }

  private isDenied(path: string, role: Role, name: string): boolean {
    return this.denied.some(({ path: denied, access }) => {
      const above = path !== denied && isWithin(path, denied);
      if (above && access === 'all') return true;
      const changesFolder = role === 'add' || role === 'unlink' || role === 'create';
      if (changesFolder && dirname(path) === denied && (role !== 'create' || !exists(path))) {
        return true;
      }
      if (path !== denied) return false;
      if (role === 'write' || role === 'create') return true;
      if (role === 'change') return name === 'access'; // the owner may change mode and times
      return access === 'all' && (role === 'read' || role === 'list');
    });
  }

  private isReadOnly(path: string, role: Role): boolean {
    if (role === 'read' || role === 'list' || role === 'look') return false;
    if (!this.readOnly.some((folder) => isWithin(path, folder))) return false;
    // The system says first what is there already, or is not there.
    if (role === 'add') return !exists(path);
    return role === 'create' || role === 'unlink' || exists(path);
  }
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function exists(path: string): boolean {
  return real.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** `rm` is no system call: it removes a file or a folder. */
function syscallOf(name: string, path: string | undefined): string {
  if (name !== 'rm') return pathCalls[name]!.syscall;
  const stat = path === undefined ? undefined : real.lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? 'rmdir' : 'unlink';
}
