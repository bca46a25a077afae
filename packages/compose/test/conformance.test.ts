import { conformance } from '@seamkit/conformance';
import { testUnless } from '@seamkit/test-run';

const suites = conformance(require.resolve('./harness'));

for (const { title, tests, close } of suites) {
  describe(title, () => {
    afterAll(close);
    for (const { name, run, timeout } of tests) test(name, run, timeout);
  });
}

// Jest fails a file without tests.
if (suites.length === 0) testUnless('there is no container runtime')('conforms', () => {});
