/**
 * `tandem serve`: serves trained models with the page.
 */
import type { Command } from 'commander';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

async function serveModels(folders: string[], { verbose = false }: { verbose?: boolean }): Promise<void> {
  const { serveAndPrint } = require('./serving') as typeof import('./serving.js');
  await serveAndPrint({ folders, verbose });
}

/** Adds the command. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('serve saved models and the page on this machine; docs/serving.md lists the variables')
    .argument(
      '[folders...]',
      'folders of saved models, each served under its own name, or as NAME=FOLDER under another (default: MODELS in MODELS_DIR)',
    )
    .option('--verbose', 'also print classes and checksums')
    .addHelpText('after', '\nExample: npx tandem serve trained/flowers trained/birds')
    .action(serveModels);
}
