const { readdirSync, rmSync } = require('node:fs');

/** Fails the run if a test file left anything behind that its own environment did not remove. */
module.exports = () => {
  const folder = process.env.TMPDIR;
  rmSync(process.env.TANDEM_TEST_GRAPHS, { recursive: true });
  delete process.env.TANDEM_TEST_GRAPHS;
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true });
  if (globalThis.TANDEM_OUTER_TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = globalThis.TANDEM_OUTER_TMPDIR;
  if (left.length > 0) throw new Error(`tests left files in the temporary folder: ${left.join(', ')}`);
};
