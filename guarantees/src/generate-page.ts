import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimes } from './cells';
import { kept } from './measured';
import { absences, markdown, table } from './page';
import { runnerNames } from './runners';

/** Writes the tables between their marks in docs/guarantees.md; the words around them are written by hand. */
const page = join(__dirname, '../../docs/guarantees.md');
const measured = runtimes.flatMap((runtime) =>
  runnerNames.flatMap((runner) => kept(runtime, runner)),
);
const tables = { matrix: table(measured), absent: absences() };

let text = readFileSync(page, 'utf8');
for (const [name, cells] of Object.entries(tables)) {
  const between = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
  text = text.replace(between, (_, begin, end) => `${begin}\n${markdown(cells)}\n\n${end}`);
}
writeFileSync(page, text);
