/** Writes a recommendation as a variant's row and its manifests. */
import { App } from 'cdk8s';

import { InferenceChart, NamespaceChart } from '../../infra/inference-chart';
import { readContext, readSettings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import { manifestsOf, writeManifests, type Writer } from '../../infra/write-manifests';
import { ENV } from '../../service/contract';
import { type Candidate, resourcesOf } from './candidate';

const PLAN: Writer = { command: 'tandem plan', folderOption: '--emit' };

/** The row of `infra/variants.ts` that the recommendation is. */
export const variantOf = (candidate: Candidate, command: string): Variant => ({
  name: `${candidate.profile.model}-planned-${candidate.scaling.kind === 'hpa' ? 'hpa' : 'max-size'}`,
  kind: candidate.scaling.kind === 'hpa' ? 'hpa' : 'max-size',
  model: candidate.profile.model,
  resources: resourcesOf(candidate),
  podsOnNode: 0,
  scaling: candidate.scaling,
  ...(candidate.profile.isPrecisionSet && { env: { [ENV.precision]: candidate.profile.precision } }),
  source: command,
});

/**
 * Writes the manifests of a variant into a folder, and the namespace if the settings create it; removes those of an earlier
 * plan.
 *
 * @param environment variables that set the namespace, the container image and more, as for `tandem synth`
 * @returns the names of the files
 * @throws Error for a setting that Kubernetes would refuse, and for a file of others under one of the names
 */
export function emit(variant: Variant, outdir: string, environment: NodeJS.ProcessEnv): readonly string[] {
  const settings = { ...readSettings(environment, readContext()), basis: 'container' } as const;
  const app = new App();
  if (settings.createNamespace) new NamespaceChart(app, settings);
  new InferenceChart(app, variant, settings);
  const files = manifestsOf(app, PLAN);
  writeManifests(outdir, files, [app.outputFileExtension], PLAN);
  return [...files.keys()];
}
