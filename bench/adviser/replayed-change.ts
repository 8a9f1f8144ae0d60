/**
 * What an HPA would have decided with other settings at each sync of a recording without its load: from the recorded pods
 * and CPU samples, so that each sync stands alone. Pure.
 */
import { percent } from '../../charts/percent';
import { type AutoscalerSpec, DEFAULT_FLAGS, type Settings, settingsOf } from '../autoscaler/settings';
import { hasSameReplicas, type Recording, type ReplayedSync, replayRecording } from '../evidence/hpa-replay';
import { plural } from '../evidence/words';
import { type Change, changedSettings } from './change';
import { explainSync } from './explain-sync';
import { reasonLine } from './explanation';
import { changeText } from './what-if-text';

/** With the recorded settings, this share of the syncs must decide as recorded. */
const MIN_SAME_SHARE = 0.9;

export interface ReplayedChange {
  readonly change: Change;
  /** The settings with the change. */
  readonly settings: Settings;
  /** Decided with the recorded settings. */
  readonly asRecorded: readonly ReplayedSync[];
  /** Undefined where the recorded settings do not explain the record: others would not either. */
  readonly changed?: readonly ReplayedSync[];
}

/**
 * Decides the syncs of a recording with a change.
 *
 * @param asRecorded its syncs with the recorded settings
 * @throws RangeError if the change does not fit the HPA
 */
export function replayChange(
  recording: Recording,
  asRecorded: readonly ReplayedSync[],
  change: Change,
): ReplayedChange {
  const { autoscalerSpec } = recording.timeline.subject;
  const settings = changedSettings(settingsOf(autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS), change);
  const { cpuRequestMillis } = change;
  const same = asRecorded.filter(hasSameReplicas).length;
  const changed =
    asRecorded.length > 0 && same >= MIN_SAME_SHARE * asRecorded.length
      ? replayRecording(recording, {
          settings,
          ...(cpuRequestMillis !== undefined && { cpuRequestMillis }),
        })
      : undefined;
  return { change, settings, asRecorded, ...(changed && { changed }) };
}

const podsText = ({ seen, simulated }: ReplayedSync) =>
  seen.currentReplicas === simulated.replicas
    ? `${plural(seen.currentReplicas, 'pod')} stay`
    : `${seen.currentReplicas} to ${plural(simulated.replicas, 'pod')}`;

/** The answer in lines; without decisions where the recorded settings do not explain the record. */
export function replayedChangeText({ change, settings, asRecorded, changed }: ReplayedChange): string {
  if (asRecorded.length === 0) {
    return "The HPA's status did not change while it was recorded, so there is no sync to decide again: record for longer.";
  }
  const same = asRecorded.filter(hasSameReplicas).length;
  const residual = `Decided again with the recorded settings: ${same} of ${plural(asRecorded.length, 'sync')} as the HPA did.`;
  if (changed === undefined) {
    return (
      `${residual}\nThat is less than ${percent(MIN_SAME_SHARE)}, so no change is simulated: the answer would ` +
      'describe our rules, not this HPA.'
    );
  }
  const others = changed
    .map((sync, i) => ({ sync, before: asRecorded[i]! }))
    .filter(({ sync, before }) => sync.simulated.replicas !== before.simulated.replicas);
  const rest = changed.length - others.length;
  return [
    residual,
    `Simulated with ${changeText(change)}. Each sync stands alone: it has the recorded pods and CPU samples, which other ` +
      'numbers of pods would have changed.',
    '',
    ...others.flatMap(({ sync, before }) => [
      `${sync.atSeconds.toFixed(0)} s: ${podsText(sync)}; with the recorded settings: ${podsText(before)}`,
      ...explainSync(sync.seen, sync.decision, settings).map(reasonLine),
    ]),
    `${plural(rest, 'sync')} ${rest === 1 ? 'decides' : 'decide'} the same.`,
  ].join('\n');
}
