const swc = ['@swc/jest', { jsc: { target: 'es2022' } }];

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  // h5wasm ships ES modules only; Jest runs CommonJS unless Node's module flag is set.
  moduleNameMapper: { '^h5wasm/node$': '<rootDir>/node_modules/h5wasm/dist/node/hdf5_hl.js' },
  transformIgnorePatterns: ['/node_modules/(?!h5wasm/)'],
  transform: { '^.+\\.ts$': swc, '/node_modules/h5wasm/.+\\.js$': swc },
  // Jest runs tests in a context of its own, where code that uses a global often is several times slower.
  sandboxInjectedGlobals: ['Math'],
  globalSetup: '<rootDir>/test/support/set-up.cjs',
  globalTeardown: '<rootDir>/test/support/tear-down.cjs',
  testEnvironment: '<rootDir>/test/support/environment.cjs',
  testTimeout: 30_000,
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
};
