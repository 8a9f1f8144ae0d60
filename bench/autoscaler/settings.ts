/**
 * What an HPA and its controller are set to, with Kubernetes' defaults filled in. One metric: the CPU utilization of pods.
 *
 * Sources name files and functions of Kubernetes 1.36.3; `P` stands for `pkg/controller/podautoscaler`.
 */

/** Flags of kube-controller-manager, `--horizontal-pod-autoscaler-*`. */
export interface ControllerFlags {
  readonly syncPeriodMs: number;
  /** How far the ratio of use to target may be from 1 without a change; an HPA's own tolerance overrides it. */
  readonly tolerance: number;
  readonly downscaleStabilizationMs: number;
  /** How long after its start a pod's CPU samples count only if they are from after it became ready. */
  readonly cpuInitializationPeriodMs: number;
  /** A pod that turned unready this soon after its start is taken for one that was never ready. */
  readonly initialReadinessDelayMs: number;
}

/** The defaults: `P/config/v1alpha1/defaults.go` RecommendedDefaultHPAControllerConfiguration. */
export const DEFAULT_FLAGS: ControllerFlags = {
  syncPeriodMs: 15_000,
  tolerance: 0.1,
  downscaleStabilizationMs: 300_000,
  cpuInitializationPeriodMs: 300_000,
  initialReadinessDelayMs: 30_000,
};

export interface Policy {
  readonly type: 'Pods' | 'Percent';
  readonly value: number;
  readonly periodSeconds: number;
}

/** `spec.behavior.scaleUp` or `scaleDown` in Kubernetes' own shape. */
export interface ScalingRulesSpec {
  readonly stabilizationWindowSeconds?: number;
  readonly selectPolicy?: string;
  readonly policies?: readonly { type: string; value: number; periodSeconds: number }[];
  /** A quantity such as `0.05` or `50m`. */
  readonly tolerance?: string | number;
}

/** The `spec` of a HorizontalPodAutoscaler (`autoscaling/v2`), as the API server takes or returns it. */
export interface AutoscalerSpec {
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly metrics?: readonly {
    readonly type: string;
    readonly resource?: { readonly name: string; readonly target: { readonly averageUtilization?: number } };
  }[];
  readonly behavior?: { readonly scaleUp?: ScalingRulesSpec; readonly scaleDown?: ScalingRulesSpec };
}

/** One direction's rules, complete. */
export interface ScalingRules {
  readonly stabilizationMs: number;
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled';
  readonly policies: readonly Policy[];
}

export interface Settings {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Target of the CPU utilization, percent of the request. */
  readonly targetPercent: number;
  readonly tolerance: { readonly up: number; readonly down: number };
  /** Undefined if the HPA states no behavior: then the controller takes its older path, see `legacy.ts`. */
  readonly behavior?: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules };
}

/** `pkg/apis/autoscaling/v2/defaults.go` defaultHPAScaleUpRules, defaultHPAScaleDownRules. */
const DEFAULT_RULES = {
  scaleUp: {
    stabilizationMs: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
} as const;

/** `pkg/apis/autoscaling/types.go` DefaultCPUUtilization. */
const DEFAULT_TARGET_PERCENT = 80;

/**
 * A tolerance as the controller computes with it: the API server stores `0.07` as `70m`, and Quantity.AsApproximateFloat64
 * multiplies 70 by 0.001, which is not always the double nearest to the decimal.
 *
 * @throws RangeError if the quantity is finer than a thousandth or not a decimal number
 */
function parseTolerance(quantity: string | number): number {
  const [, whole = '', fraction = '', suffix = ''] = /^(\d+)(?:\.(\d{1,3}))?(m?)$/.exec(`${quantity}`) ?? [];
  if (whole === '' || (suffix === 'm' && fraction !== '')) {
    throw new RangeError(`tolerance must be a multiple of 0.001 such as 0.05 or 50m, received ${quantity}`);
  }
  const thousandths = suffix === 'm' ? Number(whole) : Number(whole + fraction.padEnd(3, '0'));
  return thousandths % 1000 === 0 ? thousandths / 1000 : thousandths * 0.001;
}

function targetOf({ metrics = [] }: AutoscalerSpec): number {
  if (metrics.length === 0) return DEFAULT_TARGET_PERCENT;
  const [metric] = metrics;
  const percent = metric?.resource?.target.averageUtilization;
  if (metrics.length > 1 || metric?.resource?.name !== 'cpu' || percent === undefined) {
    throw new RangeError(
      `metrics must be one Resource metric on cpu with averageUtilization, received ${JSON.stringify(metrics)}`,
    );
  }
  return percent;
}

/** `pkg/apis/autoscaling/v2/defaults.go` copyHPAScalingRules: what is stated replaces the default, field by field. */
const rulesOf = (spec: ScalingRulesSpec | undefined, defaults: ScalingRules): ScalingRules => ({
  stabilizationMs:
    spec?.stabilizationWindowSeconds === undefined
      ? defaults.stabilizationMs
      : spec.stabilizationWindowSeconds * 1000,
  selectPolicy: (spec?.selectPolicy as ScalingRules['selectPolicy'] | undefined) ?? defaults.selectPolicy,
  policies: (spec?.policies as readonly Policy[] | undefined) ?? defaults.policies,
});

/**
 * Reads an HPA that the API server accepted.
 *
 * Sources: SetDefaults_HorizontalPodAutoscaler; for the window of a scale-down that states none
 * `P/horizontal.go` maybeInitScaleDownStabilizationWindow; for the tolerance tolerancesForHpa.
 *
 * @throws RangeError if the HPA has another metric than the CPU utilization, or a tolerance finer than a thousandth
 */
export function settingsOf(spec: AutoscalerSpec, flags: ControllerFlags): Settings {
  const { behavior } = spec;
  const toleranceOf = (rules: ScalingRulesSpec | undefined) =>
    rules?.tolerance === undefined ? flags.tolerance : parseTolerance(rules.tolerance);
  return {
    minReplicas: spec.minReplicas ?? 1,
    maxReplicas: spec.maxReplicas,
    targetPercent: targetOf(spec),
    tolerance: { up: toleranceOf(behavior?.scaleUp), down: toleranceOf(behavior?.scaleDown) },
    ...(behavior && {
      behavior: {
        scaleUp: rulesOf(behavior.scaleUp, DEFAULT_RULES.scaleUp),
        scaleDown: rulesOf(behavior.scaleDown, {
          ...DEFAULT_RULES.scaleDown,
          stabilizationMs: flags.downscaleStabilizationMs,
        }),
      },
    }),
  };
}
