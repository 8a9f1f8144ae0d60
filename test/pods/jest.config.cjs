/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.cjs'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/pods/*.pods.ts'],
  globalSetup: '<rootDir>/test/pods/set-up.ts',
  globalTeardown: '<rootDir>/test/pods/tear-down.ts',
  testTimeout: 600_000,
};
