/**
 * What an `InferenceService` is made from.
 */
import type { ServiceType } from './settings';
import type { Resources, Scaling } from './variants';

export interface InferenceServiceProps {
  /** Name of every object; it must be distinct within the namespace. @default the construct's id */
  readonly name?: string;
  /** @default the chart's, or none: then kubectl decides */
  readonly namespace?: string;
  /** The one model that the image is told to serve; it becomes a label's value, so a list of them is refused. */
  readonly model: string;
  /** Image by tag or digest; it must honour the variables of `service/contract.ts`. */
  readonly image: string;
  /** Name of a Secret with the registry's credentials. @default none */
  readonly imagePullSecret?: string;
  /** Requests and limits, emitted character for character. */
  readonly resources: Resources;
  readonly scaling: Scaling;
  /** @default 'ClusterIP' */
  readonly serviceType?: ServiceType;
  /** Where the figures come from; becomes an annotation. @default none */
  readonly figures?: { readonly basis: string; readonly source: string };
}
