/** Writes a recommendation as a variant's row and its manifests. */
import { App, YamlOutputType } from 'cdk8s';

import { InferenceChart } from '../../infra/inference-chart';
import { readContext, readSettings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import { type Candidate, resourcesOf } from './candidate';

/** The row of `infra/variants.ts` that the recommendation is. */
export const variantOf = (candidate: Candidate, command: string): Variant => ({
  name: `${candidate.profile.model}-planned-${candidate.scaling.kind === 'hpa' ? 'hpa' : 'max-size'}`,
  kind: candidate.scaling.kind === 'hpa' ? 'hpa' : 'max-size',
  model: candidate.profile.model,
  resources: resourcesOf(candidate),
  podsOnNode: 0,
  scaling: candidate.scaling,
  source: command,
});

/**
 * Writes the manifests of a variant into a folder, one file.
 *
 * @param environment variables that set the namespace and the container image, as for `tandem synth`
 * @returns the name of the file
 */
export function writeManifests(variant: Variant, outdir: string, environment: NodeJS.ProcessEnv): string {
  const app = new App({ outdir, yamlOutputType: YamlOutputType.FILE_PER_CHART });
  new InferenceChart(app, variant, { ...readSettings(environment, readContext()), basis: 'container' });
  app.synth();
  return `${variant.name}.k8s.yaml`;
}
