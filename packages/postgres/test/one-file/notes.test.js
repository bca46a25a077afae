// One test file, unchanged under Jest, Vitest (with globals) and node:test, on every runtime.
const { strictEqual: equal, deepStrictEqual: same } = require('node:assert/strict');
const { use } = require('@seamkit/core');
const { postgres } = require('@seamkit/postgres');

const test = globalThis.test ?? require('node:test').test;

const env = use({ db: postgres({ prepare: { migrations: `${__dirname}/migrations` } }) });

for (const round of [1, 2]) {
  test(`round ${round} begins with what the migrations left`, async () => {
    same(await env.db.query('select id, text from notes'), [{ id: 1, text: 'first' }]);
    await env.db.query("insert into notes (text) values ('second')");
    await env.db.query("update notes set text = 'changed' where id = 1");
    equal((await env.db.query('select max(id) as last from notes'))[0].last, 2);
  });
}
