import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pages, root } from '../test/pages';

/**
 * A section of a page that can be run: its code blocks with a file name make a folder, and its
 * commands are typed there. Blocks above the first section belong to each of them.
 */
export interface Example {
  title: string;
  files: { name: string; text: string }[];
  /** Lines of its `sh` blocks that start a program; what they install is there. */
  commands: string[];
}

const named = /^```\w+ (\S+\.\w+)\n(.*?)^```/gms;
const shell = /^```sh\n(.*?)^```/gms;

export function examples(): Example[] {
  return pages().flatMap(({ path, text }) => {
    const [head = '', ...sections] = text.split(/^## /m);
    const shared = filesIn(head);
    return sections.flatMap((section) => {
      const files = filesIn(section);
      if (files.length === 0) return [];
      const title = `${basename(path, '.md')}: ${section.slice(0, section.indexOf('\n'))}`;
      const commands = [...section.matchAll(shell)]
        .flatMap((match) => match[1]!.split('\n'))
        .filter((line) => /^(npx|node) /.test(line));
      return [{ title, files: [...shared, ...files], commands }];
    });
  });
}

/** Writes an example's files into a folder of its own, from where the pages' packages are found. */
export function write({ title, files }: Example): string {
  const folder = join(root, 'docs/.examples', title.toLowerCase().replace(/[^a-z0-9]+/g, '-'));
  rmSync(folder, { recursive: true, force: true });
  for (const { name, text } of [{ name: 'package.json', text: '{}' }, ...files]) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return folder;
}

function filesIn(text: string) {
  return [...text.matchAll(named)].map(([, name, content]) => ({ name: name!, text: content! }));
}
