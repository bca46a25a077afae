import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Program, ProgramSpec, StartContext } from '../contract';
import { SeamkitError } from '../errors';
import { kitVariableName, type Variables, variable } from '../variables';
import { candidates, explicitCandidate } from './at-hand';
import { debianProgram } from './debian';
import { installedPackages, programOfPackage } from './npm';
import { outOfReach } from './reachable';
import { askVersion, fits } from './version';

/** Who asks, and from where. */
export interface Where {
  kit: string;
  /** PATH of the asking test process. */
  path: string;
  /** Its working folder: npm packages are looked for from here upwards. */
  from: string;
  step: StartContext['step'];
  log(line: string): void;
  /** Default: this process' environment. */
  env?: Variables;
  /** Where this system's own files begin. Default `/`. */
  system?: string;
  /** Download no program, but throw `DownloadAhead`. */
  rehearsal?: boolean;
}

/** What a search came across, for its error. */
export interface Search {
  tried: string[];
  /** What apt says of the signature of this machine's own suite, where it is not trusted. */
  signature?: string[];
  /** Versions that were not wanted, and where they are available. */
  versions: string[];
}

/**
 * The first program that has the wanted version, of: `SEAMKIT_<KIT>_BIN` (forced: nothing else is
 * looked at); PATH and the usual folders; installed npm packages; the cache; a download into it.
 * @throws SeamkitError `BINARY_NOT_FOUND`, `VERSION_UNAVAILABLE` where only other versions can be
 * had, `DOWNLOAD_FAILED`, `FOLDER_UNUSABLE`
 */
export async function findProgram(spec: ProgramSpec, where: Where): Promise<Program> {
  const search: Search = { tried: [], versions: [] };
  const found =
    (await forced(spec, where, search)) ??
    (await atHand(spec, where, search)) ??
    (await fromNpm(spec, where, search)) ??
    (await download(spec, where, search));
  if (!found) throw notFound(spec, where, search);
  where.log(`${spec.command} ${found.version}: ${found.path} (${found.source})`);
  return { ...found, sibling: (command) => sibling(found, command) };
}

async function forced(spec: ProgramSpec, where: Where, search: Search) {
  const name = kitVariableName(where.kit, 'BIN');
  const place = variable(name, where.env);
  if (!place) return undefined;
  const path = explicitCandidate(place, spec.command);
  const found = path
    ? await examine({ path, source: name }, spec, where, search)
    : void search.tried.push(`${name}=${place}: no ${spec.command} there`);
  if (found) return found;
  throw new SeamkitError(
    search.versions.length ? 'VERSION_UNAVAILABLE' : 'BINARY_NOT_FOUND',
    `${where.kit}: ${name}=${place} is not ${wanted(spec)}`,
    { tried: search.tried, hint: `correct ${name}, or unset it to look elsewhere` },
  );
}

async function atHand(spec: ProgramSpec, where: Where, search: Search) {
  for (const candidate of candidates(spec, where.path)) {
    const found = await examine(candidate, spec, where, search);
    if (found) return found;
  }
  search.tried.push(
    `PATH and the usual folders: ${search.tried.length ? 'nothing else' : `no ${spec.command}`}`,
  );
  return undefined;
}

async function fromNpm(spec: ProgramSpec, where: Where, search: Search) {
  for (const source of spec.npm ?? []) {
    const tried = (why: string) => search.tried.push(`npm ${source.package}: ${why}`);
    const folders = installedPackages(source.package, where, tried);
    if (!folders.length) tried('not installed');
    for (const folder of folders) {
      if (!existsSync(join(folder, source.path))) {
        tried(`no ${source.path} in ${folder}`);
        continue;
      }
      const path = await programOfPackage(folder, source, where.step, where.env);
      const found = await examine({ path, source: `npm ${source.package}` }, spec, where, search);
      if (found) return found;
    }
  }
  return undefined;
}

async function download(spec: ProgramSpec, where: Where, search: Search) {
  try {
    return await debianProgram(spec, where, search);
  } catch (error) {
    if (!(error instanceof SeamkitError) || error.code !== 'DOWNLOAD_FAILED') throw error;
    throw new SeamkitError('DOWNLOAD_FAILED', `${where.kit}: ${error.summary}`, {
      tried: search.tried,
      log: error.log,
      hint: `${error.hint ?? "check that apt's mirror answers, and run again"}; or ${ways(spec, where.kit)}`,
      cause: error.cause,
    });
  }
}

/** A program that runs here, as the server's user, in a version that is wanted. */
async function examine(
  { path, source }: { path: string; source: string },
  spec: ProgramSpec,
  where: Where,
  { tried, versions }: Search,
) {
  const reason = notExecutable(path) ?? (spec.ours ? undefined : outOfReach(path));
  const answer = reason
    ? { reason }
    : await askVersion({ path }, spec.versionArgs ?? ['--version'], where.path);
  if ('reason' in answer) {
    tried.push(`${path}: ${answer.reason}`);
    return undefined;
  }
  if (fits(answer.version, spec)) return { path, version: answer.version, source };
  tried.push(`${path}: version ${answer.version}`);
  versions.push(`${answer.version} (${source})`);
  return undefined;
}

function notExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 'is not executable';
  }
}

function notFound(spec: ProgramSpec, { kit }: Where, { tried, versions }: Search): SeamkitError {
  if (versions.length) {
    const had = [...new Set(versions)].join(', ');
    return new SeamkitError(
      'VERSION_UNAVAILABLE',
      `${kit}: ${wanted(spec)} is not available here; available: ${had}`,
      { tried, hint: `ask for one of these versions, or ${ways(spec, kit)}` },
    );
  }
  return new SeamkitError('BINARY_NOT_FOUND', `${kit}: there is no ${wanted(spec)} here`, {
    tried,
    hint: ways(spec, kit),
  });
}

/** What a person can do on this platform when a program is not available. */
function ways({ command, install }: ProgramSpec, kit: string): string {
  const typed = install?.[process.platform];
  return [
    typed ? `install it: ${typed}` : `install ${command} with this system's package manager`,
    `or start Docker`,
    `or set ${kitVariableName(kit, 'URL')} to a server that runs already`,
  ].join('; ');
}

function wanted({ command, version, oldest }: ProgramSpec): string {
  if (version) return `${command} ${version}`;
  return oldest ? `${command} ${oldest} or newer` : command;
}

function sibling(program: Omit<Program, 'sibling'>, command: string): Program {
  const { path, root } = program;
  const folders = [
    dirname(path),
    dirname(realpathSync(path)),
    ...['bin', 'sbin'].map((name) => join(dirname(path), '..', name)),
    ...(root ? ['usr/bin', 'usr/sbin', 'usr/local/bin'].map((name) => join(root, name)) : []),
  ];
  const at = folders.map((folder) => join(folder, command)).find((file) => existsSync(file));
  if (!at) {
    throw new SeamkitError('BINARY_NOT_FOUND', `there is no ${command} beside ${path}`, {
      tried: folders,
      hint: `${program.source} is not a whole installation: install the package that has ${command}`,
    });
  }
  const found = { ...program, path: at };
  return { ...found, sibling: (other) => sibling(found, other) };
}
