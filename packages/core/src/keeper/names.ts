import type { SandboxId } from '../contract';

/**
 * Names templates and sandboxes, for all servers of a run: an external server may be one of our
 * own. No name is given twice; an index is, once what had it is gone.
 */
export class Names {
  private readonly taken = new Set<number>();
  private serial = 0;

  constructor(private readonly owner: string) {}

  next(role: 't' | 's'): SandboxId {
    let index = 1;
    while (this.taken.has(index)) index++;
    this.taken.add(index);
    return { name: `seamkit_${this.owner}_${role}${++this.serial}`, index, owner: this.owner };
  }

  free({ index }: SandboxId): void {
    this.taken.delete(index);
  }
}
