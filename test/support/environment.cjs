const { mkdirSync, mkdtempSync, rmSync, symlinkSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const { TestEnvironment } = require('jest-environment-node');

const TSX_CACHE = join(__dirname, '../../node_modules/.cache/tsx');

/** Gives a test file, and every process that it starts, a temporary folder that is removed when the file ends. */
module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    // Jest runs tests in a context with typed arrays of its own, which native addons do not recognise
    // (tensorflow/tfjs#7175): give tests the addons' ones.
    Object.assign(this.global, { Float32Array, BigInt64Array });
  }

  async setup() {
    await super.setup();
    this.outerTmpdir = process.env.TMPDIR;
    this.folder = mkdtempSync(join(tmpdir(), 'tandem-test-'));
    // Programs that tsx runs would otherwise compile everything again for each test file.
    mkdirSync(TSX_CACHE, { recursive: true });
    symlinkSync(TSX_CACHE, join(this.folder, `tsx-${process.getuid?.() ?? ''}`));
    // Both: os.tmpdir() reads the outer environment, child processes inherit the test's copy.
    process.env.TMPDIR = this.folder;
    this.global.process.env.TMPDIR = this.folder;
  }

  async teardown() {
    if (this.outerTmpdir === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = this.outerTmpdir;
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    await super.teardown();
  }
};
