const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/** Gives the run a temporary folder of its own, which its workers and their child processes inherit. */
module.exports = () => {
  globalThis.TANDEM_OUTER_TMPDIR = process.env.TMPDIR;
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'tandem-tests-'));
};
