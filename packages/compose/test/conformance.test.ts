import { conformance } from '@seamkit/conformance';

const suites = conformance(require.resolve('./harness'));

for (const { title, tests, close } of suites) {
  describe(title, () => {
    afterAll(close);
    for (const { name, run, timeout } of tests) test(name, run, timeout);
  });
}

// Jest minds a file without any; the line above has said why.
if (suites.length === 0) test.skip('no container runtime here', () => {});
