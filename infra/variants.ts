/**
 * The variants that Tandem deploys, with the figures exactly as the reference prints them. Pure data.
 *
 * @see docs/reference.md#deployments
 */
import type { ModelId } from '../models/catalog';
import type { Amounts, Resources, Scaling as AnyScaling } from './construct/inference-service-props';

export type { Amounts, Resources };

/** How a variant scales. An operator may have KEDA in the place of the HPA, with the same figures. */
export type Scaling = Exclude<AnyScaling, { kind: 'keda' }>;

/** Kind of a deployment, in the reference's words. */
export type VariantKind = 'single-pod' | 'max-size' | 'hpa';

export interface Variant {
  /** Name of the variant, of its file and of its objects; it ends with the kind. */
  readonly name: string;
  readonly kind: VariantKind;
  readonly model: ModelId;
  readonly resources: Resources;
  /** On the node basis: how many of these pods ran on the described node; 0 if none did. */
  readonly podsOnNode: number;
  readonly scaling: Scaling;
  /** Variables of the service that the figures hold for; they win over the settings' own. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the figures come from; becomes an annotation. */
  readonly source: string;
}

const MAX_SIZE_ACCURACY = {
  resources: {
    requests: { cpu: '2405m', memory: '4627034Ki' },
    limits: { cpu: '4400m', memory: '6544139520' },
  },
  podsOnNode: 2,
} as const;

const MAX_SIZE_LATENCY = {
  resources: {
    requests: { cpu: '1405m', memory: '2529882Ki' },
    limits: { cpu: '2900m', memory: '3859784960' },
  },
  podsOnNode: 1,
} as const;

/** Every variant, one file per variant in `dist/`. */
export const VARIANTS: readonly Variant[] = [
  {
    name: 'accuracy-single-pod',
    kind: 'single-pod',
    model: 'accuracy',
    ...MAX_SIZE_ACCURACY,
    scaling: { kind: 'fixed', replicas: 1 },
    source: 'docs/reference.md, max-size deployment, column Accuracy: one pod of that fleet',
  },
  {
    name: 'accuracy-max-size',
    kind: 'max-size',
    model: 'accuracy',
    ...MAX_SIZE_ACCURACY,
    scaling: { kind: 'fixed', replicas: 4 },
    source: 'docs/reference.md, max-size deployment, column Accuracy',
  },
  {
    name: 'accuracy-hpa',
    kind: 'hpa',
    model: 'accuracy',
    resources: {
      requests: { cpu: '1405m', memory: '1481306Ki' },
      limits: { cpu: '3400m', memory: '5470397696' },
    },
    podsOnNode: 1,
    scaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 10, targetCpuPercent: 60 },
    source: 'docs/reference.md, HPA deployment, column Accuracy',
  },
  {
    name: 'latency-single-pod',
    kind: 'single-pod',
    model: 'latency',
    ...MAX_SIZE_LATENCY,
    scaling: { kind: 'fixed', replicas: 1 },
    source: 'docs/reference.md, max-size deployment, column Latency: one pod of that fleet',
  },
  {
    name: 'latency-max-size',
    kind: 'max-size',
    model: 'latency',
    ...MAX_SIZE_LATENCY,
    scaling: { kind: 'fixed', replicas: 2 },
    source: 'docs/reference.md, max-size deployment, column Latency',
  },
  {
    name: 'latency-hpa',
    kind: 'hpa',
    model: 'latency',
    resources: {
      requests: { cpu: '405m', memory: '443115520' },
      limits: { cpu: '1400m', memory: '1175430400' },
    },
    podsOnNode: 0,
    scaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 8, targetCpuPercent: 50 },
    source: 'docs/reference.md, HPA deployment, column Latency',
  },
  {
    name: 'previous-max-size',
    kind: 'max-size',
    model: 'accuracy',
    ...MAX_SIZE_ACCURACY,
    scaling: { kind: 'fixed', replicas: 4 },
    source: 'docs/reference.md, max-size deployment, column Previous',
  },
];
