import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCyclic, readNamedFile, SeamkitError } from '@seamkit/core';
import { Lexer, parseDocument, stringify } from 'yaml';
import type { Entry } from './entry';

const version = 1;
/**
 * Tokens of YAML that a cassette may have. Reading takes some 300 bytes of memory and a microsecond
 * or two for each.
 */
const mostTokens = 3_000_000;
const heading = `# Recorded by Seamkit: edit what you like, secrets are replaced by REDACTED-….\n`;

/**
 * The interactions of a cassette, or undefined where there is no such file.
 * @throws SeamkitError `STATE_INVALID` where it is no cassette
 */
export async function readCassette(file: string): Promise<Entry[] | undefined> {
  let text: string;
  try {
    text = readNamedFile(file).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw SeamkitError.wrap(error, 'STATE_INVALID', `the cassette ${file} cannot be read`);
  }
  refuseLarge(file, text);
  const { version: found, interactions } = (parse(file, text) ?? {}) as Record<string, unknown>;
  if (found !== version) throw invalid(file, `version ${String(found)}, expected ${version}`);
  if (!Array.isArray(interactions)) throw invalid(file, 'it has no list of interactions');
  for (const [index, entry] of interactions.entries()) {
    const wrong = wrongIn(entry);
    if (wrong) throw invalid(file, `interaction ${index + 1}: ${wrong}`);
  }
  return interactions;
}

/**
 * One interaction a block, set apart by a blank line.
 * @throws SeamkitError `STATE_INVALID` where nobody could read it
 */
export function writeCassette(file: string, entries: readonly Entry[]): string {
  const blocks = entries.map((entry) => {
    const block = stringify([entry], { lineWidth: 0, aliasDuplicateObjects: false });
    return block
      .split('\n')
      .map((line) => line && `  ${line}`)
      .join('\n');
  });
  if (blocks.length === 0) return `${heading}version: ${version}\ninteractions: []\n`;
  const text = `${heading}version: ${version}\ninteractions:\n${blocks.join('\n')}`;
  refuseLarge(file, text);
  return text;
}

/**
 * Writes aside and renames: the file is the old one or the new one, never a part.
 * @throws SeamkitError `FOLDER_UNUSABLE`
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(aside, text, { flag: 'wx' });
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw SeamkitError.wrap(error, 'FOLDER_UNUSABLE', `${file} cannot be written`);
  }
}

/** By its tokens, not its bytes: a body that is one long text costs next to nothing. */
function refuseLarge(file: string, text: string): void {
  if (text.length <= mostTokens) return;
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++count <= mostTokens) continue;
    const limit = mostTokens.toLocaleString('en');
    throw new SeamkitError('STATE_INVALID', `the cassette ${file} has more than ${limit} tokens`, {
      hint: 'split it: give each test file a cassette of its own, with the calls of its tests only',
    });
  }
}

/** Aliases may stand for each other a hundred times at most: a few lines of them could fill the memory. */
function parse(file: string, text: string): unknown {
  try {
    const document = parseDocument(text, { intAsBigInt: true });
    if (document.errors[0]) throw document.errors[0];
    const value = document.toJS({ maxAliasCount: 100 });
    if (isCyclic(value)) throw new Error('an alias in it stands for what it is a part of');
    return plain(value);
  } catch (error) {
    throw invalid(file, (error as Error).message.split('\n')[0]!);
  }
}

/** Whole numbers were read as bigint, for those that need it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

function wrongIn(entry: Partial<Entry>): string | undefined {
  const { request, response } = entry ?? {};
  if (typeof request?.method !== 'string') return 'request.method is missing';
  if (!URL.canParse(request.url ?? '')) return 'request.url is not an absolute url';
  if (!Number.isInteger(response?.status)) return 'response.status is no number';
  return undefined;
}

function invalid(file: string, why: string): SeamkitError {
  return new SeamkitError('STATE_INVALID', `${file} is no cassette: ${why}`, {
    hint: "fix it, or record it anew with mode: 'refresh'",
  });
}
