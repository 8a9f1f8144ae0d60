/**
 * The cdk8s app: `npx cdk8s synth` runs it and writes `dist/`.
 */
import { App, YamlOutputType } from 'cdk8s';

import { CLUSTER } from './cluster';
import { fitWarnings } from './fit';
import { InferenceChart, NamespaceChart } from './inference-chart';
import { removeStaleRoutes, RouteChart } from './route';
import { type Environment, readContext, readSettings, type Settings } from './settings';
import { type Variant, VARIANTS } from './variants';

/** Adds every chart to an app; it writes nothing. */
export function define(app: App, settings: Settings): App {
  new NamespaceChart(app, settings);
  for (const variant of VARIANTS) new InferenceChart(app, variant, settings);
  return app;
}

/**
 * Writes the manifests, one file a chart, and takes away the routes of an earlier synth. Warns on stderr of pods that
 * would stay Pending on the reference's cluster; it never changes a figure.
 *
 * @param outdir folder of the files; cdk8s' own choice (`CDK8S_OUTDIR`) when left out
 * @param routes variants that get their model's stable Service name, one a model
 */
export function synthesize(
  outdir: string | undefined,
  environment: Environment,
  routes: readonly Variant[] = [],
): void {
  const settings = readSettings(environment, readContext());
  const app = new App({
    ...(outdir === undefined ? {} : { outdir }),
    yamlOutputType: YamlOutputType.FILE_PER_CHART,
  });
  define(app, settings);
  for (const variant of routes) new RouteChart(app, variant, settings);
  app.synth();
  removeStaleRoutes(app, routes);
  for (const warning of fitWarnings(settings.basis, CLUSTER)) console.error(`warning: ${warning}`);
}

if (require.main === module) synthesize(undefined, process.env);
