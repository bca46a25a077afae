// Prints why containers are not available here; nothing where they are.
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { compose } = require('@seamkit/compose');
const { open } = require('@seamkit/core');

const absent = ['RUNTIME_UNAVAILABLE', 'BINARY_NOT_FOUND', 'DOWNLOAD_FAILED'];

(async () => {
  process.env.SEAMKIT_WORKSPACE = mkdtempSync(join(tmpdir(), 'seamkit-compose-'));
  process.env.SEAMKIT_LINGER = '0';
  try {
    const env = await open({ stack: compose(join(__dirname, 'fixtures/nothing.yml')) });
    await env.close();
  } catch (error) {
    // Any other failure is not an absence: the tests will show it.
    if (absent.includes(error.code)) process.stdout.write(error.message);
  }
  rmSync(process.env.SEAMKIT_WORKSPACE, { recursive: true });
})();
