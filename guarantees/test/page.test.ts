import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  absent,
  type Cause,
  causes,
  cellsOf,
  rows,
  runtimes,
  type Victim,
  victims,
} from '../src/cells';
import { kept } from '../src/measured';
import { absences, table } from '../src/page';
import { runnerNames } from '../src/runners';

const page = readFileSync(join(__dirname, '../../docs/guarantees.md'), 'utf8');

/** The cells of a table on the page, without its rule. */
function onPage(name: string): string[][] {
  const [, text] = new RegExp(`<!-- ${name} -->\n([^]*?)<!-- /${name} -->`).exec(page)!;
  const lines = text!.trim().split('\n');
  return lines
    .filter((line) => !/^[|\s-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

test('the page has the rows and columns of the matrix, and the times that were measured', () => {
  const measured = runtimes.flatMap((runtime) =>
    runnerNames.flatMap((runner) => kept(runtime, runner)),
  );
  expect(measured.length).toBeGreaterThan(0);
  expect(onPage('matrix')).toEqual(table(measured));
});

test('and the reasons for what is not there', () => {
  expect(onPage('absent')).toEqual(absences());
});

test('each pair of a victim and a cause has a row or a reason, and not both', () => {
  const pairs = (Object.keys(victims) as Victim[]).flatMap((victim) =>
    (Object.keys(causes) as Cause[]).map((cause) => `${victim} ${cause}`),
  );
  const accounted = [
    ...rows.map(({ victim, cause }) => `${victim} ${cause}`),
    ...absent.flatMap(({ victims: who, cause }) => who.map((victim) => `${victim} ${cause}`)),
  ];
  expect(accounted.sort()).toEqual(pairs.sort());
});

test('the slice has each row on each of its runtimes once, and all runners', () => {
  const slice = runtimes.flatMap((runtime) =>
    runnerNames.flatMap((runner) => cellsOf(runtime, runner, false)),
  );
  for (const { victim, cause } of rows) {
    const played = slice.filter((cell) => cell.victim === victim && cell.cause === cause);
    const wanted = victim === 'engine' ? ['container'] : ['container', 'process'];
    expect(played.map(({ runtime }) => runtime).sort()).toEqual(wanted);
  }
  expect(new Set(slice.map(({ runner }) => runner))).toEqual(new Set(runnerNames));
});
