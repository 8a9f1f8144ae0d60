/** What a run refuses before it creates anything. */
import type { Settings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import { loadManifests, variantManifests } from './manifests';

type Load = Parameters<typeof loadManifests>[2];

const NO_SECRETS = 'must not be set, because the run creates a namespace without Secrets';

/** Settings that a run cannot apply: the value that it refuses, if any, with the reason and the remedy. */
const REFUSED: readonly (readonly [
  name: keyof Settings,
  refused: (settings: Settings, variant: Variant) => string | undefined,
  text: string,
])[] = [
  [
    'imagePullSecret',
    ({ imagePullSecret }) => imagePullSecret,
    `${NO_SECRETS}: use an image that the nodes can pull without one`,
  ],
  [
    'apiKeySecret',
    ({ apiKeySecret }) => apiKeySecret,
    `${NO_SECRETS}: unset it, since the load generator sends no key`,
  ],
  [
    'autoscaler',
    ({ autoscaler }, { scaling }) =>
      autoscaler === 'keda' && scaling.kind === 'hpa' ? autoscaler : undefined,
    "must be hpa, because the run records the variant's own HPA and KEDA's has another name: set it to hpa",
  ],
];

/**
 * Refuses what would fail only after the rollout.
 *
 * @throws Error naming the field, its value and the remedy
 */
export function refuse(variant: Variant, settings: Settings, load: Load): void {
  for (const [name, refused, text] of REFUSED) {
    const value = refused(settings, variant);
    if (value !== undefined) throw new Error(`${name} ${text}, received ${value}`);
  }
  // Whoever writes the manifests refuses what they cannot hold.
  variantManifests(variant, settings);
  loadManifests(variant, settings, load);
}
