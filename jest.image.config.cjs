/** @type {import('jest').Config} */
module.exports = {
  ...require('./jest.config.cjs'),
  testMatch: ['<rootDir>/test/image/*.image.ts'],
  testTimeout: 400_000,
};
