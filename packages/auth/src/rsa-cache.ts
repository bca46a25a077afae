import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate, type KeyPair } from './algorithm';

/**
 * The nth RSA key of this user on this machine. Making one takes longer than most test files run,
 * so they are kept in a private folder below the system's temporary one. They sign nothing but
 * tokens of issuers on 127.0.0.1. Safe for any number of processes at once.
 */
export async function rsaKey(index: number): Promise<KeyPair> {
  const folder = privateFolder();
  if (!folder) return generate('RS256');
  const file = join(folder, `rs256-${index}.pem`);
  return read(file) ?? keep(file, await generate('RS256'));
}

function read(file: string): KeyPair | undefined {
  try {
    const privateKey = createPrivateKey(readFileSync(file));
    return { privateKey, publicKey: createPublicKey(privateKey) };
  } catch {
    return undefined;
  }
}

/** Who comes second takes the first one's key; a file that holds none is replaced at the next start. */
function keep(file: string, pair: KeyPair): KeyPair {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    linkSync(draft, file);
    return pair;
  } catch {
    const kept = read(file);
    if (!kept) rmSync(file, { force: true });
    return kept ?? pair;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Undefined where the folder cannot be made, or is not ours alone. */
function privateFolder(): string | undefined {
  const uid = process.getuid?.();
  const folder = join(tmpdir(), `seamkit-auth-${uid ?? 'keys'}`);
  try {
    mkdirSync(folder, { mode: 0o700, recursive: true });
    const stat = lstatSync(folder);
    const ours = uid === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0);
    return stat.isDirectory() && ours ? folder : undefined;
  } catch {
    return undefined;
  }
}
