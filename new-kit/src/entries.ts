import type { KitNames } from './kit-names';

/** Where a kit is named outside of its own folder: a file, and its text with the kit in it. */
export const entries: Record<string, (text: string, kit: KitNames) => string> = {
  'README.md': (text, { name, title, sandbox }) =>
    withRow(
      text,
      `| [\`@seamkit/${name}\`](packages/${name}) | ${title} | ${sandbox} | process, external |`,
    ),
  'docs/support.md': (text, { name }) => {
    const [head] = /^\| kit .*/m.exec(text) ?? [''];
    const unknown = ' ? |'.repeat(head.split('|').length - 4);
    return withRow(
      withRow(text, `| ${name} | process |${unknown}`),
      `| ${name} | external |${unknown}`,
    );
  },
  // The pages' code blocks are compiled there, and the packages are installed from their tarballs
  // here: both need the kit to be built first.
  'docs/package.json': withDependency,
  'consumers/package.json': withDependency,
};

/** A last row for the table of kits. The formatter aligns it. */
function withRow(text: string, row: string): string {
  const table = /^\| kit .*\n(\|.*\n)+/m.exec(text);
  if (!table) throw new Error('the page has no table that begins with | kit');
  const end = table.index + table[0].length;
  return `${text.slice(0, end)}${row}\n${text.slice(end)}`;
}

function withDependency(text: string, { name }: KitNames): string {
  const manifest = JSON.parse(text);
  manifest.devDependencies[`@seamkit/${name}`] = 'workspace:^';
  manifest.devDependencies = Object.fromEntries(Object.entries(manifest.devDependencies).sort());
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
