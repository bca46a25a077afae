import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './published';
import { run } from './stranger';

/** A throw-away clone of this repository, with commits of its own. */
export class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), 'seamkit-clone-'));

  static async make(): Promise<Clone> {
    const clone = new Clone();
    await clone.git('clone', '--quiet', '--shared', root, '.');
    await clone.git('checkout', '--quiet', '-B', 'main');
    return clone;
  }

  /** Resolves to what git prints. */
  async git(...args: string[]): Promise<string> {
    const author = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
    return (await run(this.folder, 'git', [...author, ...args])).trim();
  }

  /** Commits all there is; resolves to the commit. */
  async commit(): Promise<string> {
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--message', 'A change');
    return this.git('rev-parse', 'HEAD');
  }

  /** A program of this workspace, in the clone. */
  bin(name: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<string> {
    return run(this.folder, join(root, 'node_modules/.bin', name), args, env);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
