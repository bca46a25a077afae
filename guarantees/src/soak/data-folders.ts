import { existsSync, type FSWatcher, mkdirSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { processes } from '../processes';

/**
 * The data folders of all runs of a workspace, also of those that were killed before anybody could
 * look at them: from the first run on, the names of all others are noted as they appear.
 */
export class DataFolders {
  private readonly owners = new Set<string>();
  private watcher: FSWatcher | undefined;
  /** The keeper's folder. */
  private home: string | undefined;

  /** Begins. A keeper of this workspace must run. */
  begin(workspace: string): void {
    if (this.home) return;
    const leash = processes().find(
      ({ args, environment }) =>
        basename(args[1] ?? '') === 'leash.js' &&
        environment.includes(`SEAMKIT_WORKSPACE=${workspace}`),
    );
    const socket = leash?.args.find((arg) => basename(arg) === 'socket');
    if (!socket) throw new Error(`no leash of ${workspace} runs`);
    this.home = dirname(socket);
    this.watch();
  }

  /** Goes on, before a run: the folder goes with the keeper that was in it. */
  watch(): void {
    if (!this.home) return;
    this.end();
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    this.watcher = watch(this.home, (_, name) => {
      const owner = /^run-([0-9a-f]+)$/.exec(name ?? '')?.[1];
      if (owner) this.owners.add(owner);
    });
  }

  get left(): string[] {
    return ['/dev/shm', tmpdir()]
      .flatMap((base) => [...this.owners].map((owner) => join(base, `seamkit-data-${owner}`)))
      .filter((path) => existsSync(path));
  }

  end(): void {
    this.watcher?.close();
  }
}
