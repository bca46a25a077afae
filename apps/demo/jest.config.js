const preset = require('../../jest.preset');

// `jest --selectProjects unit` needs no server; `pnpm demo` runs the other half.
const project = (name) => ({
  displayName: name,
  testEnvironment: preset.testEnvironment,
  transform: preset.transform,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

module.exports = {
  projects: [project('unit'), project('integration')],
  reporters: [...preset.reporters, '@seamkit/core/jest-reporter'],
  testTimeout: preset.testTimeout,
  maxWorkers: preset.maxWorkers,
};
