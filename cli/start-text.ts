/**
 * What `npm start` prints when the service is ready.
 */
import { VARIANTS } from '../infra/variants';

/** A model that the service runs. */
export interface StartedModel {
  /** Its id, such as `latency`. */
  readonly model: string;
  readonly architecture: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly precision: string;
  readonly demo: boolean;
  readonly classes: readonly string[];
}

export interface Started {
  /** Seconds from the start until ready, as text. */
  readonly seconds: string;
  /** URL of the service, without a path. */
  readonly url: string;
  readonly models: readonly StartedModel[];
  /** Names of the variants whose pods do not all fit the reference's cluster; a name may repeat. */
  readonly unfitting: readonly string[];
}

/** The lines: first what to do next, then what was started. */
export function startText({ seconds, url, models, unfitting }: Started): string {
  const ids = models.map(({ model }) => model);
  const named = [...new Set(unfitting)].join(', ');
  return [
    `Ready in ${seconds} s. Open ${url}`,
    'Classify an image:',
    `  curl --data-binary @models/demo/samples/weave.jpg -H 'content-type: image/jpeg' '${url}/v1/classify?model=${ids[0]}'`,
    'Deploy a variant:',
    `  kubectl apply -f dist/00-namespace.k8s.yaml -f dist/${ids.at(-1)}-single-pod.k8s.yaml`,
    'Models:',
    ...models.flatMap(({ model, architecture, engine, engineVersion, precision, demo, classes }) => [
      `  ${model}: ${demo ? 'demo model, ' : ''}${architecture} on ${engine} ${engineVersion}, ${precision}`,
      `    classes: ${classes.join(', ')}`,
    ]),
    `Manifests: ${VARIANTS.length} variants in dist/`,
    ...(named === ''
      ? []
      : [`  not all pods of ${named} fit the reference’s cluster: npx tandem fit shows the arithmetic`]),
    'Stop with Ctrl-C.',
  ].join('\n');
}
