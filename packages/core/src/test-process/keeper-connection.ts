import { print } from '../print';
import { findWorkspace } from '../project/workspace';
import { KeeperSession } from './keeper-session';

/** A test file's session with its keeper: opened when first needed, again if the keeper died. */
export class KeeperConnection {
  private opening: Promise<KeeperSession> | undefined;
  private readonly told = new Set<string>();

  /** @throws SeamkitError `KEEPER_FAILED`, `FOLDER_UNUSABLE` */
  async session(): Promise<KeeperSession> {
    const known = this.opening;
    const session = await known?.catch(() => undefined);
    if (session?.alive) return session;
    // Of several boundaries that find none, the first opens one for all.
    if (this.opening === known || !this.opening) {
      this.opening = KeeperSession.open(findWorkspace(), (notice) => print('warn', notice));
    }
    return this.opening;
  }

  /** Whether a thing that concerns several boundaries is still to be said: true once for each. */
  isNews(thing: string): boolean {
    return !this.told.has(thing) && Boolean(this.told.add(thing));
  }

  /** Gives back everything that this file leased. */
  async close(): Promise<void> {
    const current = await this.opening?.catch(() => undefined);
    current?.close();
    this.opening = undefined;
  }
}
