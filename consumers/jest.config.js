module.exports = { ...require('../jest.preset'), globalSetup: '<rootDir>/test/pack-all.ts' };
