import { statements } from '../dist/statements';

test.each([
  ['', []],
  [' ; ;\n', []],
  ['SELECT 1', ['SELECT 1']],
  ['SELECT 1; SELECT 2;', ['SELECT 1', 'SELECT 2']],
  ["-- a;b\nSELECT ';', \";\", E'\\';' -- ;\n; x", ["SELECT ';', \";\", E'\\';' -- ;", 'x']],
  ['/* a; /* nested; */ ; */ b; c', ['b', 'c']],
  ['DO $$ a; $x$ b; $$; c', ['DO $$ a; $x$ b; $$', 'c']],
  ['DO $ö1$ a; $$ b; $ö1$; c', ['DO $ö1$ a; $$ b; $ö1$', 'c']],
  ['SELECT a$b$c; d$b$', ['SELECT a$b$c', 'd$b$']], // dollars within names quote nothing
  ["SELECT 'open; end", ["SELECT 'open", 'end']],
  ["it''s ';' done; x", ["it''s ';' done", 'x']],
])('%j', (sql, expected) => {
  expect(statements(sql).map(({ text }) => text)).toEqual(expected);
});

test('a statement begins after spaces and comments', () => {
  const sql = 'a;\n/* b */ -- c\n  d';
  expect(statements(sql).map(({ start }) => sql[start])).toEqual(['a', 'd']);
});
