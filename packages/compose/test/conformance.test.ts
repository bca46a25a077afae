import { conformance } from '@seamkit/conformance';

for (const { title, tests, close } of conformance(require.resolve('./harness'))) {
  if (tests.length === 0) continue; // the suite has printed why
  describe(title, () => {
    afterAll(close);
    for (const { name, run, timeout } of tests) test(name, run, timeout);
  });
}
