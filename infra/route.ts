/**
 * A stable Service name per model that points to one of its variants, so that clients keep the name when the variant changes.
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';

import { type App, Chart } from 'cdk8s';

import { SERVICE_NAME } from '../service/contract';
import { k8s } from './construct/cdk8s-plus';
import { expose } from './construct/exposure';
import { SERVICE_PORT, selectorOf } from './construct/inference-service';
import { servedModel } from './model-names';
import type { Settings } from './settings';
import { type Variant, VARIANTS } from './variants';

/**
 * Reads a route: a model and one of its variants, by kind (`accuracy=hpa`) or by name (`accuracy=previous-max-size`).
 *
 * @throws RangeError listing the valid routes
 */
export function parseRoute(text: string): Variant {
  const named = VARIANTS.filter(({ name, kind, model }) => name === `${model}-${kind}`);
  const routes = new Map<string, Variant>([
    ...named.map((variant) => [`${variant.model}=${variant.kind}`, variant] as const),
    ...VARIANTS.map((variant) => [`${variant.model}=${variant.name}`, variant] as const),
  ]);
  const variant = routes.get(text);
  if (variant === undefined) {
    throw new RangeError(`--route must be one of ${[...routes.keys()].join(', ')}, received ${text}`);
  }
  return variant;
}

/**
 * The Service named after the recipe, with its Ingress or HTTPRoute if there is a domain, in its own file
 * `route-RECIPE.k8s.yaml`. Clients keep the name when another model serves the recipe; both recipes may serve one model.
 */
export class RouteChart extends Chart {
  constructor(app: App, variant: Variant, settings: Settings) {
    const { name, model } = variant;
    super(app, `route-${model}`, { disableResourceNameHashes: true });
    const { namespace, serviceType, serviceAnnotations, models } = settings;
    const metadata = {
      name: model,
      namespace,
      labels: {
        'app.kubernetes.io/component': servedModel(variant, models),
        'app.kubernetes.io/part-of': SERVICE_NAME,
        'app.kubernetes.io/managed-by': 'cdk8s',
      },
    };
    new k8s.KubeService(this, 'service', {
      metadata: { ...metadata, ...(serviceAnnotations && { annotations: { ...serviceAnnotations } }) },
      spec: { type: serviceType, selector: selectorOf(name), ports: [SERVICE_PORT] },
    });
    expose(this, metadata, SERVICE_PORT, settings);
  }
}

/** Resolves links in a path, or in the part of it that exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  return join(realPath(dirname(absolute)), basename(absolute));
}

/**
 * Keeps routes out of the project's `dist/`, which holds variants only.
 *
 * @throws RangeError if the folder is `dist/` or lies in it, by any path
 */
export function checkRouteFolder(out: string, dist: string): void {
  if (!`${realPath(out)}${sep}`.startsWith(`${realPath(dist)}${sep}`)) return;
  throw new RangeError(
    `--route must not write into dist/, which holds variants only: choose another --out, received ${out}`,
  );
}
