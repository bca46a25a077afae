import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pages } from '../test/pages';

/**
 * A section of a page that can be run: its code blocks with a file name make a folder, and its
 * commands are typed there. Blocks above the first section belong to each of them.
 */
export interface Example {
  page: string;
  title: string;
  files: { name: string; text: string }[];
  /**
   * What its `npm install` lines name. Where there are any, the example is run on what npm gives
   * for them today, by `consumers/test/pages.test.ts`; else here, on what our lock file has.
   */
  installs: string[];
  /** Lines of its `sh` blocks that start a program. */
  commands: string[];
}

const named = /^```\w+ (\S+\.\w+)\n(.*?)^```/gms;
const shell = /^```sh\n(.*?)^```/gms;

export function examples(): Example[] {
  return pages().flatMap(({ path, text }) => {
    const [head = '', ...sections] = text.split(/^## /m);
    return sections.flatMap((section) => {
      const files = filesIn(section);
      if (files.length === 0) return [];
      const page = basename(path, '.md');
      const title = `${page}: ${section.slice(0, section.indexOf('\n'))}`;
      const installs = linesIn(head + section, /^npm install /).flatMap((line) =>
        line.split(' ').filter((word) => !/^(npm|install|-.*)$/.test(word)),
      );
      const commands = linesIn(section, /^(npx|node) /).map(patient);
      return [{ page, title, files: [...filesIn(head), ...files], installs, commands }];
    });
  });
}

/** Writes an example's files into a folder. */
export function write({ files }: Example, folder: string): void {
  for (const { name, text } of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** The runners' own 5 s for a test are for the reader's machine, which has nothing else to do. */
function patient(command: string): string {
  return /^npx (jest|vitest)/.test(command) ? `${command} --testTimeout=60000` : command;
}

function filesIn(text: string) {
  return [...text.matchAll(named)].map(([, name, content]) => ({ name: name!, text: content! }));
}

function linesIn(text: string, wanted: RegExp): string[] {
  const lines = [...text.matchAll(shell)].flatMap((match) => match[1]!.split('\n'));
  return lines.filter((line) => wanted.test(line));
}
