/**
 * The cdk8s app. `npx cdk8s synth` runs it and writes `dist/`.
 */
import { App } from 'cdk8s';

import { CLUSTER } from './scheduler/cluster';
import { describedFor } from './fit/described-cluster';
import { type FitWarning, fitWarnings } from './fit/fit-text';
import { InferenceChart, internal, NamespaceChart } from './inference-chart';
import { hasOthersKustomization, KUSTOMIZATION, kustomizationText } from './kustomization';
import { settingsOf } from './model-names';
import { RouteChart } from './route';
import { type Environment, readContext, readSettings, type Settings } from './settings';
import { warningLines } from './synth-text';
import { unknownSettingLines } from './unknown-settings';
import { type Variant, VARIANTS } from './variants';
import { manifestsOf, SYNTH, writeManifests } from './write-manifests';

/**
 * Adds every chart to an app. Writes nothing.
 *
 * @param routes variants to which their model's stable Service points, at most one per model. Clients then use that
 *   Service, so only it has the type and the domain of the settings; the variants' own are internal to the cluster
 */
export function define(app: App, settings: Settings, routes: readonly Variant[] = []): App {
  if (settings.createNamespace) new NamespaceChart(app, settings);
  for (const variant of VARIANTS) {
    const routed = routes.some(({ model }) => model === variant.model);
    new InferenceChart(app, variant, routed ? internal(settings) : settings);
  }
  for (const variant of routes) new RouteChart(app, variant, settings);
  return app;
}

/** The text of each file that {@link synthesize} writes, by the file's name. Writes nothing. */
export function filesOf(app: App): ReadonlyMap<string, string> {
  const manifests = manifestsOf(app);
  return new Map([...manifests, [KUSTOMIZATION, kustomizationText([...manifests.keys()])]]);
}

/**
 * Writes the manifests, one file per chart, and a base of Kustomize unless the folder is one of others; removes those of an
 * earlier synth that are not written again. No figure is ever changed to fit.
 *
 * @param outdir folder of the files
 * @param routes as in {@link define}
 * @param writer whom the errors advise
 * @returns the names of the files; in `changed` those that were there before with other contents or are removed; a warning per
 *   replica count at which pods of a variant would stay Pending on the reference's cluster
 * @throws Error for a setting that Kubernetes would refuse, before anything is written
 */
export function synthesize(
  outdir: string,
  environment: Environment,
  routes: readonly Variant[] = [],
  writer = SYNTH,
): {
  readonly files: readonly string[];
  readonly changed: readonly string[];
  readonly warnings: readonly FitWarning[];
} {
  const settings = readSettings(environment, readContext());
  const app = define(new App(), settings, routes);
  const files = hasOthersKustomization(outdir) ? manifestsOf(app) : filesOf(app);
  const changed = writeManifests(outdir, files, [app.outputFileExtension, KUSTOMIZATION], writer);
  const nodesFor = (variant: Variant) => describedFor(settingsOf(settings, variant), CLUSTER).nodes;
  return { files: [...files.keys()].sort(), changed, warnings: fitWarnings(settings.basis, nodesFor) };
}

if (require.main === module) {
  for (const line of unknownSettingLines(process.env)) console.error(line);
  try {
    const { warnings } = synthesize(process.env['CDK8S_OUTDIR'] ?? 'dist', process.env);
    for (const line of warningLines(warnings)) console.error(line);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
