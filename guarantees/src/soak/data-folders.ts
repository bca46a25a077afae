import { existsSync, type FSWatcher, watch } from 'node:fs';
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

  /** Begins. A keeper of this workspace must run. */
  begin(workspace: string): void {
    if (this.watcher) return;
    const leash = processes().find(
      ({ args, environment }) =>
        basename(args[1] ?? '') === 'leash.js' &&
        environment.includes(`SEAMKIT_WORKSPACE=${workspace}`),
    );
    const socket = leash?.args.find((arg) => basename(arg) === 'socket');
    if (!socket) throw new Error(`no leash of ${workspace} runs`);
    this.watcher = watch(dirname(socket), (_, name) => {
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
