/**
 * A path below a folder, one character for each byte: names that are no valid UTF-8 are kept. The
 * folder itself is `''`.
 */
export type RawPath = string;

export function bytesOf(raw: RawPath): Buffer {
  return Buffer.from(raw, 'latin1');
}

/** As people read it. */
export function textOf(raw: RawPath): string {
  return bytesOf(raw).toString();
}

export function rawOf(text: string | Buffer): RawPath {
  return Buffer.from(text as string).toString('latin1');
}

export function below(root: string, raw: RawPath): Buffer {
  return raw === '' ? Buffer.from(root) : Buffer.from(`${rawOf(root)}/${raw}`, 'latin1');
}

export function join(folder: RawPath, name: RawPath): RawPath {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The folder that holds it; undefined for the root. */
export function parentOf(raw: RawPath): RawPath | undefined {
  return raw === '' ? undefined : raw.slice(0, Math.max(0, raw.lastIndexOf('/')));
}
