const swc = ['@swc/jest', { jsc: { target: 'es2022' } }];

/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/build/'],
  // h5wasm has no CommonJS form, which is what Jest runs without Node's flag for modules.
  moduleNameMapper: { '^h5wasm/node$': '<rootDir>/node_modules/h5wasm/dist/node/hdf5_hl.js' },
  transformIgnorePatterns: ['/node_modules/(?!h5wasm/)'],
  transform: { '^.+\\.ts$': swc, '/node_modules/h5wasm/.+\\.js$': swc },
  globalSetup: '<rootDir>/test/support/set-up.cjs',
  globalTeardown: '<rootDir>/test/support/tear-down.cjs',
  testEnvironment: '<rootDir>/test/support/environment.cjs',
  testTimeout: 30_000,
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
};
