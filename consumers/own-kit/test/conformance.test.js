const { after, describe, test } = require('node:test');
const { conformance } = require('@seamkit/conformance');

for (const { title, tests, close } of conformance(require.resolve('./harness'))) {
  describe(title, () => {
    after(close);
    for (const { name, run, timeout } of tests) test(name, { timeout }, run);
  });
}
