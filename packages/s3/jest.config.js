// The first test of a machine may wait until a server is downloaded, made and started.
module.exports = { ...require('../../jest.preset'), testTimeout: 180_000 };
