import { tmpdir } from 'node:os';
import { join as joinPath, resolve as resolvePath } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Sandbox, type SandboxContext, SeamkitError } from '@seamkit/core';
import { Baseline } from './baseline';
import { changesSince } from './changes';
import { compare } from './compare';
import { entering, look, namesIn, remove, typeOf } from './entry';
import { Faults } from './faults';
import { copyTree, writeFile, writeTree } from './fixture';
import { inside } from './inside';
import { findHandlePrototype } from './interpose';
import type { FilesMembers } from './members';
import { openHandles } from './open-handles';
import type { FilesOptions } from './options';
import { makePrivateFolder } from './private-folder';
import { below, join, type RawPath, rawOf, textOf } from './raw-path';
import { real } from './real-fs';
import { restore } from './restore';
import { bait, traversalsTo } from './traversal';

/** Beside the sandbox's folder, and beginning with its name: what nobody may reach. */
const outsideName = 'folder-of-another';
const secretName = 'secret.txt';

/** Opens the folder of one test file. On rejection nothing is left of it. */
export async function openSandbox(
  options: FilesOptions,
  context: SandboxContext,
): Promise<Sandbox<FilesMembers>> {
  const place = makePrivateFolder(
    options.parent === undefined ? tmpdir() : resolvePath(context.folder, options.parent),
  );
  const sandbox = new FolderSandbox(place, context);
  try {
    await sandbox.open(options);
  } catch (error) {
    await sandbox.close();
    throw error;
  }
  return sandbox;
}

class FolderSandbox implements Sandbox<FilesMembers> {
  readonly #place: string;
  readonly #root: string;
  readonly #outside: string;
  readonly #secret = `secret of ${Math.random().toString(36).slice(2)}`;
  readonly #context: SandboxContext;
  #faults?: Faults;
  #members?: FilesMembers;
  #baseline?: Baseline;
  /** Left by earlier tests or by `prepare`, and named already. */
  #handles = new Map<number, string>();
  #outsideBaseline?: Baseline;

  constructor(place: string, context: SandboxContext) {
    this.#place = place;
    this.#root = joinPath(place, 'folder');
    this.#outside = joinPath(place, outsideName);
    this.#context = context;
  }

  get members(): FilesMembers {
    return this.#members!;
  }

  async open({ fixture, prepare }: FilesOptions): Promise<void> {
    const store = joinPath(this.#place, 'store');
    for (const path of [this.#root, this.#outside, store]) real.mkdirSync(path, { mode: 0o700 });
    const secret = joinPath(this.#outside, secretName);
    real.writeFileSync(secret, this.#secret);
    this.#faults = new Faults(this.#root, await findHandlePrototype(secret));
    this.#members = this.#face(this.#faults);
    if (typeof fixture === 'string')
      copyTree(resolvePath(this.#context.folder, fixture), this.#root);
    else if (fixture) writeTree(this.#root, fixture);
    if (prepare)
      await this.#context.prepare((signal) => prepare(this.#root, this.members, { signal }));
    this.#faults.clear();
    this.#baseline = Baseline.capture(this.#root, store);
    this.#outsideBaseline = Baseline.capture(this.#outside, store);
    this.#handles = openHandles(this.#root);
  }

  verify(): void {
    const changes = changesSince(this.#outsideBaseline!);
    if (changes.length === 0) return;
    const lines = changes.map(({ kind, target }) => `${kind} ${target}`);
    throw new SeamkitError('EXPECTATION_FAILED', 'the test wrote outside of its folder', {
      tried: lines,
      hint: 'something followed a path out: check paths that come from users after resolving them, links included',
    });
  }

  async reset(): Promise<boolean> {
    this.#faults!.clear();
    await this.#nameHandles();
    restore(this.#outsideBaseline!);
    return restore(this.#baseline!);
  }

  async setBaseline(): Promise<boolean> {
    if (this.#faults!.clear()) {
      this.#context.warn(
        "its faults ended with setBaseline(), before a file's first test too; ask for them in a beforeEach",
      );
    }
    this.#handles = openHandles(this.#root);
    restore(this.#outsideBaseline!);
    const changed = new Set<RawPath>();
    compare(this.#baseline!, ({ raw }) => changed.add(raw));
    if (changed.size > 0) this.#baseline!.take(changed);
    return changed.size > 0;
  }

  /** Says which files the test left open. A stream closes its file a moment after its end. */
  async #nameHandles(): Promise<void> {
    const left = () =>
      [...openHandles(this.#root)].filter(([fd, path]) => this.#handles.get(fd) !== path);
    for (let look = 0; look < 5 && left().length > 0; look++) await delay(10);
    for (const [, path] of left()) {
      this.#context.warn(`the test left ${path} open; what it writes there may be lost`);
    }
    this.#handles = openHandles(this.#root);
  }

  async close(): Promise<void> {
    try {
      this.#faults?.clear();
      remove(this.#place, '');
    } catch (error) {
      this.#context.warn(`${this.#place} could not be removed: ${error}`);
    }
  }

  #face(faults: Faults): FilesMembers {
    const root = this.#root;
    const resolve = (name: string) => inside(root, name);
    const resolveOr = (name: string | undefined) => (name === undefined ? root : resolve(name));
    const read = (name: string) => {
      const path = resolve(name);
      return real.statSync(path, { throwIfNoEntry: false }) && real.readFileSync(path);
    };
    return {
      path: root,
      url: pathToFileURL(root).href,
      secret: this.#secret,
      resolve,
      write: (name, content, options) => writeFile(resolve(name), content, options),
      writeTree: (tree) => writeTree(root, tree),
      text: (name) => read(name)?.toString(),
      bytes: (name) => read(name) || undefined,
      list: (name) =>
        list(root, name === undefined ? '' : rawOf(resolve(name).slice(root.length + 1))),
      remove: (name) => remove(resolve(name), ''),
      changes: () => changesSince(this.#baseline!),
      traversals: () => {
        this.#layBait();
        return traversalsTo(this.#place, outsideName, secretName);
      },
      readOnly: (name) => faults.readOnly(resolveOr(name)),
      deny: (name, access = 'all') => faults.deny(resolve(name), access),
      full: (free = 0) => faults.full(free),
      tooManyOpen: (most = 0) => faults.tooManyOpen(most),
      slow: (ms) => faults.slow(ms),
      fail: (code, name) => faults.fail(code, resolveOr(name)),
      heal: () => faults.clear(),
    };
  }

  #layBait(): void {
    const links = { [bait.file]: `../${outsideName}/${secretName}`, [bait.folder]: this.#outside };
    for (const [name, target] of Object.entries(links)) {
      const path = joinPath(this.#root, name);
      if (!look(Buffer.from(path))) real.symlinkSync(target, path);
    }
  }
}

function list(root: string, top: RawPath): string[] {
  const found: string[] = [];
  const visit = (folder: RawPath) => {
    const path = below(root, folder);
    const stat = look(path);
    if (!stat || typeOf(stat) !== 'folder') return;
    entering(path, stat, () => {
      for (const name of namesIn(path)) {
        const raw = join(folder, name);
        const isFolder = look(below(root, raw))?.isDirectory();
        found.push(isFolder ? `${textOf(raw)}/` : textOf(raw));
        if (isFolder) visit(raw);
      }
    });
  };
  visit(top);
  return found;
}
