import { conformance } from '@seamkit/conformance';

for (const suite of conformance(require.resolve('./harness'))) {
  describe(suite.title, () => {
    afterAll(suite.close);
    for (const { name, run, timeout } of suite.tests) test(name, run, timeout);
  });
}
