/**
 * Props of an `InferenceService`.
 */
import type { ServiceType } from './settings';
import type { Resources, Scaling } from './variants';

export interface InferenceServiceProps {
  /** Name of every object; must be unique within the namespace. @default the construct's id */
  readonly name?: string;
  /** @default the chart's namespace; without one, kubectl's */
  readonly namespace?: string;
  /** The model to serve (variable MODELS). It becomes a label's value, so a list is refused. */
  readonly model: string;
  /** Container image by tag or digest. It must read the variables in `service/contract.ts`. */
  readonly image: string;
  /** Name of a Secret with the registry's credentials. @default none */
  readonly imagePullSecret?: string;
  /** Requests and limits, emitted as the API server stores them: `4627034Ki` as it is, `1024Mi` as `1Gi`. */
  readonly resources: Resources;
  readonly scaling: Scaling;
  /** @default 'ClusterIP' */
  readonly serviceType?: ServiceType;
  /** Where the figures come from; becomes annotations. @default none */
  readonly figures?: { readonly basis: string; readonly source: string };
}
