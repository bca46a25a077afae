import { rmSync } from 'node:fs';

/** Removes what `pack-all.ts` made. */
export default function removePacked(): void {
  rmSync(process.env.SEAMKIT_TARBALLS!, { recursive: true, force: true });
}
