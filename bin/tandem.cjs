#!/usr/bin/env node
// Runs the compiled command in a package or container image, and in a checkout if no source is newer; else the sources.
const { existsSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const compiled = join(root, 'build', 'cli', 'main.js');
const ROOMS = ['bench', 'charts', 'cli', 'files', 'infra', 'models', 'service', 'statistics'];

/** Whether a source file, or a folder that lost or got one, is newer than a time in milliseconds. */
function hasNewer(folder, timeMs) {
  if (statSync(folder).mtimeMs > timeMs) return true;
  return readdirSync(folder, { withFileTypes: true }).some((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return hasNewer(path, timeMs);
    return entry.name.endsWith('.ts') && statSync(path).mtimeMs > timeMs;
  });
}

const isCheckout = existsSync(join(root, 'cli'));
const isBuilt =
  existsSync(compiled) &&
  !(isCheckout && ROOMS.some((room) => hasNewer(join(root, room), statSync(compiled).mtimeMs)));
try {
  if (isBuilt || !isCheckout) {
    require(compiled);
  } else {
    require('tsx/cjs');
    require('../cli/main.ts');
  }
} catch (error) {
  const isOurs =
    /^Cannot find module '\./.test(error.message) && !/node_modules/.test(error.requireStack?.[0]);
  if (error.code !== 'MODULE_NOT_FOUND' || isOurs) throw error;
  const remedy = isCheckout ? 'run npm ci' : 'install the package again';
  process.stderr.write(`error: node_modules is incomplete: ${remedy} (${error.message.split('\n')[0]})\n`);
  process.exit(1);
}
