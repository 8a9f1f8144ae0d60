/**
 * `tandem openapi`: prints the OpenAPI document of the service.
 */
import type { Command } from 'commander';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

function openapi(): void {
  const { completeDocument } =
    require('../service/api/openapi') as typeof import('../service/api/openapi.js');
  console.log(JSON.stringify(completeDocument(), undefined, 2));
}

/** Adds the command. */
export function addOpenApi(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of the service as JSON')
    .addHelpText('after', '\nExample: npx tandem openapi >openapi.json')
    .action(openapi);
}
