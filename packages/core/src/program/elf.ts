import { open } from 'node:fs/promises';

const programInterpreter = 3;

/**
 * The loader that an executable asks for, e.g. `/lib64/ld-linux-x86-64.so.2`. Undefined for
 * scripts, libraries and statically linked programs.
 */
export async function interpreterOf(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    const read = async (position: number, length: number) => {
      const buffer = Buffer.alloc(length);
      await file.read(buffer, 0, length, position);
      return buffer;
    };
    const header = await read(0, 64);
    if (header.toString('latin1', 0, 4) !== '\x7fELF' || header[5] !== 1) return undefined;
    const wide = header[4] === 2; // 64 bits
    const table = wide ? Number(header.readBigUInt64LE(32)) : header.readUInt32LE(28);
    const entrySize = header.readUInt16LE(wide ? 54 : 42);
    const entries = header.readUInt16LE(wide ? 56 : 44);
    for (let index = 0; index < entries; index++) {
      const entry = await read(table + index * entrySize, entrySize);
      if (entry.readUInt32LE(0) !== programInterpreter) continue;
      const offset = wide ? Number(entry.readBigUInt64LE(8)) : entry.readUInt32LE(4);
      const size = wide ? Number(entry.readBigUInt64LE(32)) : entry.readUInt32LE(16);
      return (await read(offset, size)).toString('latin1').replace(/\0.*$/s, '');
    }
    return undefined;
  } finally {
    await file.close();
  }
}
