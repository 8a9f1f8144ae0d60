const { TestEnvironment } = require('jest-environment-node');

/**
 * Jest runs tests in a context with typed arrays of its own, which native addons do not take for theirs
 * (tensorflow/tfjs#7175): give tests the ones that addons know.
 */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    Object.assign(this.global, { Float32Array, BigInt64Array });
  }
};
