const { mkdirSync, mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/**
 * Gives the run a temporary folder of its own, which its workers and their child processes inherit, with a folder for the
 * graphs of the demo models.
 */
module.exports = () => {
  globalThis.TANDEM_OUTER_TMPDIR = process.env.TMPDIR;
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'tandem-tests-'));
  process.env.TANDEM_TEST_GRAPHS = join(process.env.TMPDIR, 'graphs');
  mkdirSync(process.env.TANDEM_TEST_GRAPHS);
};
