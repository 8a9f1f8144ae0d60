/** Reads synthesized manifests for tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { App } from 'cdk8s';
import { parseAllDocuments } from 'yaml';

import { define, filesOf } from '../../infra/main';
import { readSettings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';

/** The text of each manifest by the file's name, in the order of the names. Writes nothing. */
export const synthesize = (...args: Parameters<typeof synthesizeAll>): Map<string, string> =>
  new Map([...synthesizeAll(...args)].filter(([name]) => name.endsWith('.yaml')));

/** The same with the files that are no manifests. */
export function synthesizeAll(
  environment: NodeJS.ProcessEnv = {},
  routes: readonly Variant[] = [],
): Map<string, string> {
  const files = filesOf(define(new App(), readSettings(environment, {}), routes));
  return new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Text of each file of a folder by name. */
export function readFolder(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
  );
}

/** A manifest as plain data; tests reach into it without a schema. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Manifest = any;

/** The objects of a file, by kind; numbers keep their text from the YAML. */
export function objects(text: string): Record<string, Manifest> {
  const found: Record<string, Manifest> = {};
  for (const document of parseAllDocuments(text)) {
    const manifest = document.toJS();
    found[manifest.kind as string] = manifest;
  }
  return found;
}
