/** Other settings for a recorded HPA: their text form, and what they do to a scenario. Pure. */
import type { Settings } from '../autoscaler/settings';
import type { Autoscaler, Scenario } from '../twin/scenario';

/** What may be changed, each undefined where it stays as recorded. */
export interface Change {
  readonly targetPercent?: number;
  readonly tolerance?: number;
  readonly scaleDownWindowSeconds?: number;
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly cpuRequestMillis?: number;
}

/** Fields of `--what-if` with their meaning and bounds. */
export const CHANGES: Readonly<
  Record<
    string,
    { readonly field: keyof Change; readonly meaning: string; readonly max: number; readonly whole: boolean }
  >
> = {
  target: {
    field: 'targetPercent',
    meaning: 'target CPU use, percent of the request',
    max: 1_000,
    whole: true,
  },
  tolerance: { field: 'tolerance', meaning: 'tolerance of the ratio, such as 0.05', max: 1, whole: false },
  window: { field: 'scaleDownWindowSeconds', meaning: 'scale-down window, seconds', max: 3_600, whole: true },
  min: { field: 'minReplicas', meaning: 'minReplicas', max: 1_000, whole: true },
  max: { field: 'maxReplicas', meaning: 'maxReplicas', max: 1_000, whole: true },
  request: { field: 'cpuRequestMillis', meaning: 'CPU request, millicores', max: 1e6, whole: true },
};

/**
 * Reads changes such as `target=70,window=60`.
 *
 * @throws RangeError that names the field, its value and what is allowed
 */
export function parseChange(text: string): Change {
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=');
      const known = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
      if (known === undefined) {
        throw new RangeError(
          `a change must be one of ${Object.keys(CHANGES).join(', ')}, received "${part}"`,
        );
      }
      const { max, whole, field } = known;
      const number = Number(value);
      const least = name === 'window' || name === 'tolerance' ? 0 : 1;
      if (value === '' || !(number >= least && number <= max) || (whole && !Number.isInteger(number))) {
        throw new RangeError(
          `${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${max}, received "${value}"`,
        );
      }
      return [field, number];
    }),
  );
}

/**
 * The settings with the change; a change of the CPU request is none of them.
 *
 * @throws RangeError if the bounds cross, or the HPA states no behavior whose window could change
 */
export function changedSettings(settings: Settings, change: Change): Settings {
  const { targetPercent, tolerance, scaleDownWindowSeconds, minReplicas, maxReplicas } = change;
  const { behavior } = settings;
  const changed: Settings = {
    ...settings,
    ...(targetPercent !== undefined && { targetPercent }),
    ...(tolerance !== undefined && { tolerance: { up: tolerance, down: tolerance } }),
    ...(minReplicas !== undefined && { minReplicas }),
    ...(maxReplicas !== undefined && { maxReplicas }),
  };
  if (changed.minReplicas > changed.maxReplicas) {
    throw new RangeError(
      `min must be at most max, received ${changed.minReplicas} and ${changed.maxReplicas}`,
    );
  }
  if (scaleDownWindowSeconds === undefined) return changed;
  if (behavior === undefined) throw new RangeError('window needs an HPA with behavior: this one states none');
  const scaleDown = { ...behavior.scaleDown, stabilizationMs: 1000 * scaleDownWindowSeconds };
  return { ...changed, behavior: { ...behavior, scaleDown } };
}

/** A scenario behind an HPA. */
export type HpaScenario = Scenario & { readonly scaling: Autoscaler };

/** The scenario with the change. */
export function changedScenario(scenario: HpaScenario, change: Change): HpaScenario {
  const { pod, scaling } = scenario;
  const settings = changedSettings(scaling.settings, change);
  const startReplicas = Math.max(scaling.startReplicas ?? 0, settings.minReplicas);
  return {
    ...scenario,
    pod: { ...pod, cpuRequestMillis: change.cpuRequestMillis ?? pod.cpuRequestMillis },
    scaling: { ...scaling, settings, startReplicas },
  };
}
