/**
 * The cdk8s app: `npx cdk8s synth` runs it and writes `dist/`.
 */
import { App, YamlOutputType } from 'cdk8s';

import { InferenceChart, NamespaceChart } from './inference-chart';
import { readSettings } from './settings';
import { VARIANTS } from './variants';

/** Adds every chart to an app; it writes nothing. */
export function define(app: App, environment: NodeJS.ProcessEnv = {}): App {
  const settings = readSettings(app, environment);
  new NamespaceChart(app, settings);
  for (const variant of VARIANTS) new InferenceChart(app, variant, settings);
  return app;
}

if (require.main === module) {
  define(new App({ yamlOutputType: YamlOutputType.FILE_PER_CHART }), process.env).synth();
}
