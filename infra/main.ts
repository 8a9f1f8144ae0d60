/**
 * The cdk8s app. `npx cdk8s synth` runs it and writes `dist/`.
 */
import { App, YamlOutputType } from 'cdk8s';

import { CLUSTER } from './cluster';
import { type FitWarning, fitWarnings } from './fit';
import { InferenceChart, NamespaceChart } from './inference-chart';
import { removeStaleRoutes, RouteChart } from './route';
import { type Environment, readContext, readSettings, type Settings } from './settings';
import { type Variant, VARIANTS } from './variants';

/** Adds every chart to an app. Writes nothing. */
export function define(app: App, settings: Settings): App {
  new NamespaceChart(app, settings);
  for (const variant of VARIANTS) new InferenceChart(app, variant, settings);
  return app;
}

/**
 * Writes the manifests, one file per chart, and removes the routes of an earlier synth. No figure is ever changed to fit.
 *
 * @param outdir folder of the files; without it cdk8s chooses (`CDK8S_OUTDIR`)
 * @param routes variants to which their model's stable Service points, at most one per model
 * @returns a warning per replica count at which pods of a variant would stay Pending on the reference's cluster
 */
export function synthesize(
  outdir: string | undefined,
  environment: Environment,
  routes: readonly Variant[] = [],
): FitWarning[] {
  const settings = readSettings(environment, readContext());
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    yamlOutputType: YamlOutputType.FILE_PER_CHART,
  });
  define(app, settings);
  for (const variant of routes) new RouteChart(app, variant, settings);
  app.synth();
  removeStaleRoutes(app, routes);
  return fitWarnings(settings.basis, CLUSTER);
}

if (require.main === module) {
  for (const { text } of synthesize(undefined, process.env)) console.error(`warning: ${text}`);
}
