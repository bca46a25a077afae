import { constants } from 'node:fs';

/** What a call does with a path, as far as permissions, space and descriptors go. */
export type Role =
  /** Opens a file to read. */
  | 'read'
  /** Opens a folder to list it. */
  | 'list'
  /** Opens a file that is there to write to it. */
  | 'write'
  /** The same, and makes it where it is not there. */
  | 'create'
  /** Adds a name, which must be free. */
  | 'add'
  /** Takes a name away, or gives it to something else. */
  | 'unlink'
  /** Changes mode, owner or times. */
  | 'change'
  /** Needs nothing but the way there. */
  | 'look';

/** A function of `node:fs` that takes paths, in its three styles. */
export interface PathCall {
  syscall: string;
  /** The role of each path argument, by its position. `undefined`: that argument is no path. */
  roles(args: readonly unknown[]): readonly (Role | undefined)[];
}

const call = (syscall: string, ...roles: (Role | undefined)[]): PathCall => ({
  syscall,
  roles: () => roles,
});

/** By the name of the function that takes a callback. */
export const pathCalls: Readonly<Record<string, PathCall>> = {
  access: { syscall: 'access', roles: ([, mode]) => [accessRole(mode)] },
  appendFile: call('open', 'create'),
  chmod: call('chmod', 'change'),
  chown: call('chown', 'change'),
  copyFile: call('copyfile', 'read', 'create'),
  cp: call('cp', 'read', 'create'),
  exists: call('access', 'look'),
  lchown: call('lchown', 'change'),
  link: call('link', 'look', 'add'),
  lstat: call('lstat', 'look'),
  lutimes: call('lutime', 'change'),
  mkdir: call('mkdir', 'add'),
  mkdtemp: call('mkdtemp', 'add'),
  open: { syscall: 'open', roles: ([, flags]) => [openRole(flags)] },
  opendir: call('opendir', 'list'),
  readFile: call('open', 'read'),
  readdir: call('scandir', 'list'),
  readlink: call('readlink', 'look'),
  realpath: call('realpath', 'look'),
  rename: call('rename', 'unlink', 'unlink'),
  rm: call('rm', 'unlink'),
  rmdir: call('rmdir', 'unlink'),
  stat: call('stat', 'look'),
  statfs: call('statfs', 'look'),
  symlink: call('symlink', undefined, 'add'),
  truncate: call('open', 'write'),
  unlink: call('unlink', 'unlink'),
  utimes: call('utime', 'change'),
  writeFile: { syscall: 'open', roles: ([, , options]) => [openRole(flagOf(options) ?? 'w')] },
};

/** Functions that take a descriptor first, and their system calls. */
export const descriptorCalls: Readonly<Record<string, string>> = {
  close: 'close',
  fdatasync: 'fdatasync',
  fsync: 'fsync',
  ftruncate: 'ftruncate',
  read: 'read',
  readv: 'read',
  write: 'write',
  writev: 'write',
};

/** Methods of a `FileHandle`, by what they are above. */
export const handleCalls: Readonly<Record<string, string>> = {
  appendFile: 'appendFile',
  close: 'close',
  datasync: 'fdatasync',
  read: 'read',
  readFile: 'read',
  readv: 'readv',
  sync: 'fsync',
  truncate: 'ftruncate',
  write: 'write',
  writeFile: 'writeFile',
  writev: 'writev',
};

export function opensDescriptor(role: Role): boolean {
  return role === 'read' || role === 'list' || role === 'write' || role === 'create';
}

function openRole(flags: unknown): Role {
  if (typeof flags === 'number') {
    if (flags & constants.O_CREAT) return 'create';
    return flags & (constants.O_WRONLY | constants.O_RDWR) ? 'write' : 'read';
  }
  const text = typeof flags === 'string' ? flags : 'r';
  if (/[wa]/.test(text)) return 'create';
  return text.includes('+') ? 'write' : 'read';
}

function accessRole(mode: unknown): Role {
  if (typeof mode !== 'number') return 'look';
  if (mode & constants.W_OK) return 'change';
  return mode & (constants.R_OK | constants.X_OK) ? 'read' : 'look';
}

function flagOf(options: unknown): unknown {
  return typeof options === 'object' && options !== null && 'flag' in options
    ? options.flag
    : undefined;
}
