/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.cjs'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/cluster/*.cluster.ts'],
  globalSetup: '<rootDir>/test/cluster/set-up.ts',
  globalTeardown: '<rootDir>/test/cluster/tear-down.ts',
  testTimeout: 120_000,
};
