import { conformance } from '@seamkit/conformance';

for (const suite of conformance(require.resolve('./harness'))) {
  describe(suite.title, () => {
    afterAll(suite.close);
    if (suite.missing && suite.tests.length === 0) test.todo(`not here: ${suite.missing}`);
    for (const { name, run, timeout } of suite.tests) test(name, run, timeout);
  });
}
