/** Reads synthesized manifests for tests. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { App, YamlOutputType } from 'cdk8s';
import { parseAllDocuments } from 'yaml';

import { define } from '../../infra/main';
import { readSettings } from '../../infra/settings';

/** Synthesizes into a temporary folder; returns the text of each file by name. */
export function synthesize(environment: NodeJS.ProcessEnv = {}): Map<string, string> {
  const outdir = mkdtempSync(join(tmpdir(), 'tandem-synth-'));
  const app = new App({ outdir, yamlOutputType: YamlOutputType.FILE_PER_CHART });
  define(app, readSettings(environment, {})).synth();
  return readFolder(outdir);
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
