/**
 * A stable Service name for each model, pointed at one of its variants: clients keep it when the variant changes.
 */
import { type App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';

import { SERVICE_PORT, selectorOf } from './inference-service';
import type { Settings } from './settings';
import { type Variant, VARIANTS } from './variants';

/**
 * Reads a route such as `accuracy=hpa`: a model and the kind of its variant.
 *
 * @throws RangeError naming the routes there are
 */
export function parseRoute(text: string): Variant {
  const variant = VARIANTS.find(
    ({ name, model }) => name === text.replace('=', '-') && text.startsWith(`${model}=`),
  );
  if (variant === undefined) {
    const known = VARIANTS.filter(({ name, model }) => name.startsWith(`${model}-`));
    const routes = known.map(({ name, model }) => `${model}=${name.slice(model.length + 1)}`).join(', ');
    throw new RangeError(`--route must be one of ${routes}, received ${text}`);
  }
  return variant;
}

/** The Service named after the model, in a file of its own: `route-MODEL.k8s.yaml`. */
export class RouteChart extends Chart {
  constructor(app: App, { name, model }: Variant, { namespace, serviceType }: Settings) {
    super(app, `route-${model}`, { disableResourceNameHashes: true });
    new k8s.KubeService(this, 'service', {
      metadata: {
        name: model,
        namespace,
        labels: {
          'app.kubernetes.io/component': model,
          'app.kubernetes.io/part-of': 'tandem',
          'app.kubernetes.io/managed-by': 'cdk8s',
        },
      },
      spec: { type: serviceType, selector: selectorOf(name), ports: [SERVICE_PORT] },
    });
  }
}
