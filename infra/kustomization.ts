/**
 * The file that makes the folder of the manifests a base of Kustomize.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { headerOf, isOurs, SYNTH } from './write-manifests';

/**
 * Not `kustomization.yaml`: `kubectl apply -f FOLDER` reads every file of that extension and refuses this one, since it
 * holds no object of the API.
 *
 * @see https://kubectl.docs.kubernetes.io/references/kustomize/glossary/#kustomization
 */
export const KUSTOMIZATION = 'Kustomization';

/** Names of the file, of which a folder may have one only. */
const NAMES = ['kustomization.yaml', 'kustomization.yml', KUSTOMIZATION];

/** The file's text. @param resources names of the manifests in its folder */
export const kustomizationText = (resources: readonly string[]): string =>
  [
    headerOf(SYNTH),
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    'resources:',
    ...[...resources].sort().map((name) => `  - ${name}`),
    '',
  ].join('\n');

/** Whether others made a folder a base, so that a second such file would make Kustomize refuse it. */
export const hasOthersKustomization = (folder: string): boolean =>
  NAMES.map((name) => join(folder, name)).some((file) => existsSync(file) && isOurs(file) !== true);
