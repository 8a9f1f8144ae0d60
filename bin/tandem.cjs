#!/usr/bin/env node
// Runs the compiled command where there is one (the image), else the sources.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const compiled = join(__dirname, '..', 'build', 'cli', 'main.js');
if (!existsSync(join(__dirname, '..', 'cli'))) {
  require(compiled);
} else {
  require('tsx/cjs');
  require('../cli/main.ts');
}
