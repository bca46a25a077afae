// Prints how many conformance cases passed on each runtime, from the results that the suites wrote
// to SEAMKIT_CONFORMANCE_RESULTS.
const { existsSync, readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const folder = process.env.SEAMKIT_CONFORMANCE_RESULTS;
const files = existsSync(folder) ? readdirSync(folder).sort() : [];
// The suite's own tests run kits of their own.
const isPackage = ({ kit }) => existsSync(join(__dirname, '../packages', kit));
const results = files
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
  .filter(isPackage);
const runtimes = ['process', 'container', 'external', 'local'];

const count = (some) =>
  runtimes
    .map((runtime) => [runtime, some.filter((result) => result.runtime === runtime)])
    .filter(([, found]) => found.length > 0)
    .map(([runtime, found]) => {
      const sum = (list) => found.reduce((all, result) => all + result[list].length, 0);
      const missing = found.every((result) => result.missing) ? ' (missing)' : '';
      return `${runtime} ${sum('passed')}${missing}${sum('failed') ? ` (${sum('failed')} failed)` : ''}`;
    })
    .join(', ');

for (const kit of [...new Set(results.map((result) => result.kit))]) {
  console.log(`conformance: ${kit} ${count(results.filter((result) => result.kit === kit))}`);
}
console.log(`conformance: all kits ${count(results) || 'none'}`);
