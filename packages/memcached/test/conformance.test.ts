import { conformance } from '@seamkit/conformance';

for (const { title, tests, close } of conformance(require.resolve('./harness'))) {
  describe(title, () => {
    afterAll(close);
    for (const { name, run, timeout } of tests) test(name, run, timeout);
  });
}
