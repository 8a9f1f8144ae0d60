/**
 * `tandem openapi`: prints the OpenAPI document of the service.
 */
import type { Command } from 'commander';

import type { ModelName } from '../models/catalog';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

function openapi(models: readonly ModelName[]): void {
  const { completeDocument } =
    require('../service/api/openapi') as typeof import('../service/api/openapi.js');
  console.log(JSON.stringify(completeDocument(models), undefined, 2));
}

/**
 * Adds the command.
 *
 * @param models names of the models that the document lists
 */
export function addOpenApi(program: Command, models: () => readonly ModelName[]): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of a service that serves MODELS, as JSON')
    .addHelpText('after', '\nExample: npx tandem openapi >openapi.json')
    .action(() => openapi(models()));
}
