import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianSource, Program, ProgramSpec } from '../contract';
import { SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import { Apt, megabytes, type Package, SuiteMissing } from './apt';
import { cacheFolder, makeOnce } from './cache-folder';
import { type DebianHost, debianHost } from './debian-host';
import type { Search, Where } from './find';
import { libraryFolders, throughLoader, unpack, wrapExecutables } from './unpack';
import { askVersion, matches, newestFirst, upstreamVersion } from './version';

type Found = Omit<Program, 'sibling'>;

/** What an unpacked root says of itself, in `seamkit.json`. */
interface Manifest {
  suite: string;
  architecture: string;
  packages: readonly string[];
  version: string;
  /** Set where it runs only on this release, with what the release has installed. */
  host?: { codename: string; packages: readonly string[] };
  /** Folders of shared libraries, relative to the root. */
  libraries: readonly string[];
}
