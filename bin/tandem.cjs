#!/usr/bin/env node
// Runs the sources in a checkout, and the compiled command in a package or container image.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const compiled = join(__dirname, '..', 'build', 'cli', 'main.js');
if (!existsSync(join(__dirname, '..', 'cli'))) {
  require(compiled);
} else {
  require('tsx/cjs');
  require('../cli/main.ts');
}
