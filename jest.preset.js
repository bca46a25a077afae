// One Jest set-up for every package: TypeScript is transpiled only (types are checked by
// `pnpm typecheck`), and a package's own name means what it ships, its compiled `dist`.
const { ownConfiguration } = require('./test-run/dist/environment');

ownConfiguration(process.env);
// Servers are processes, whatever else this machine has; conformance goes through all runtimes.
process.env.SEAMKIT_RUNTIME ??= 'process';

module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{test,proof}/**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.test.json' }] },
  reporters: ['default', require.resolve('./test-run/dist/reporter')],
  testTimeout: 60_000,
  maxWorkers: 2,
};
