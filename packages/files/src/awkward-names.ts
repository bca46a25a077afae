/** A legal file name that services stumble over. */
export interface AwkwardName {
  name: string;
  /** The file's name itself. */
  file: string;
}

const everywhere: Record<string, string> = {
  'spaces inside': 'two  spaces.txt',
  'composed letter (NFC)': 'caf\u00e9.txt',
  'decomposed letter (NFD)': 'cafe\u0301.txt',
  'emoji of several code points': '👩‍🚀.txt',
  'other writing direction': 'مرحبا.txt',
  'invisible character': 'zero\u200bwidth.txt',
  'percent encoding': '%2e%2e%2fup.txt',
  'dash in front': '-rf',
  'dot in front': '.hidden',
  'two dots in front': '..almost-up',
  'three dots': '...',
  'shell characters': "$(id);&'`.txt",
  'no ASCII at all': '日本語',
  number: '007',
  'name of a member': '__proto__',
  'longest in ASCII': 'x'.repeat(255),
};

/** Not legal on Windows. */
const posix: Record<string, string> = {
  'space in front and behind': ' padded ',
  'line break': 'two\nlines.txt',
  'control character': 'bell\u0007.txt',
  'quotes and stars': '"*?<>|:.txt',
  backslash: 'back\\slash.txt',
  'dot behind': 'ends.',
  'device of Windows': 'CON',
};

/** 255 bytes are the most on Linux; macOS and Windows count other units, of which these are fewer. */
const longest: Record<string, string> = {
  'longest in UTF-8': `${'é'.repeat(127)}x`,
};

/**
 * Names that are legal on this system, from spaces to the longest. For `test.each`. The composed and
 * the decomposed one look the same, and are two files on Linux, one on macOS.
 */
export const awkwardNames: readonly AwkwardName[] = Object.entries({
  ...everywhere,
  ...(process.platform !== 'win32' && posix),
  ...longest,
}).map(([name, file]) => ({ name, file }));
