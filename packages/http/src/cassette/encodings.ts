import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeText } from './content';

const runs = /[A-Za-z0-9+/_-]{16,}={0,2}/g;

/** Calls `change` for what each base64 run of `text` holds; packs again what it changed. */
export function insideBase64(text: string, change: (bytes: Buffer) => Buffer): string {
  // MIME breaks base64 into lines.
  const whole = text.replace(/\s+/g, '');
  const folded =
    whole !== text && /^(?:[A-Za-z0-9+/]{4}){6,}(?:[A-Za-z0-9+/]{2,3}={0,2})?$/.test(whole);
  if (folded && /[\r\n]/.test(text)) return changeRun(whole, change) ?? text;
  return text.replace(runs, (run) => changeRun(run, change) ?? run);
}

function changeRun(run: string, change: (bytes: Buffer) => Buffer): string | undefined {
  const url = /[-_]/.test(run);
  if (url && /[+/]/.test(run)) return undefined;
  const bytes = Buffer.from(run, 'base64');
  const changed = change(bytes);
  if (changed === bytes) return undefined;
  return changed.toString(url ? 'base64url' : 'base64');
}

/** Calls `change` for what each hexadecimal run of `text` holds; packs again what it changed. */
export function insideHex(text: string, change: (bytes: Buffer) => Buffer): string {
  return text.replace(/(?<![\da-f])(?:[\da-f]{2}){12,}(?![\da-f])/gi, (run) => {
    const bytes = Buffer.from(run, 'hex');
    const changed = change(bytes);
    if (changed === bytes) return run;
    const hex = changed.toString('hex');
    return /[A-F]/.test(run) ? hex.toUpperCase() : hex;
  });
}

/** Calls `change` for each percent-encoded run of `text`; encodes again what it changed. */
export function insidePercent(text: string, change: (text: string) => string): string {
  if (!text.includes('%')) return text;
  return text.replace(/[\w.~!*'()+-]*%[\da-f]{2}[\w.~!*'()+%-]*/gi, (run) => {
    const plain = decodePercent(run);
    const changed = change(plain);
    return changed === plain ? run : encodeURIComponent(changed);
  });
}

/** Calls `change` for text that is gzipped (or plain); packs again what it changed. */
export function insideGzip(bytes: Buffer, change: (bytes: Buffer) => Buffer): Buffer {
  const plain = gunzip(bytes);
  if (!plain) return change(bytes);
  const changed = change(plain);
  return changed === plain ? bytes : gzipSync(changed);
}

export function gunzip(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 18 || bytes.readUInt16BE(0) !== 0x1f8b) return undefined;
  try {
    return gunzipSync(bytes, { maxOutputLength: 64 * 1024 * 1024 });
  } catch {
    return undefined;
  }
}

/** `decodeURIComponent` that leaves alone what is malformed. */
export function decodePercent(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    const bytes = Buffer.from(run.replaceAll('%', ''), 'hex');
    return decodeText(bytes) ?? run;
  });
}
