module.exports = {
  ...require('../jest.preset'),
  // What it does it does with npm, in new folders and for several projects.
  testTimeout: 300_000,
  globalSetup: '<rootDir>/test/pack-all.ts',
  globalTeardown: '<rootDir>/test/remove-packed.ts',
};
