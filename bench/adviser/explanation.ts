/** A recorded HPA run, explained sync by sync. Pure. */
import { type AutoscalerSpec, DEFAULT_FLAGS, type Settings, settingsOf } from '../autoscaler/settings';
import { hasSamePercent, hasSameReplicas, type Recording, type ReplayedSync } from '../evidence/hpa-replay';
import { plural } from '../evidence/words';
import { explainSync, type Reason } from './explain-sync';
import { SOURCE_VERSION } from './source-lines';

/** What the HPA of a recording was set to. */
const recordedSettings = ({ timeline }: Recording): Settings =>
  settingsOf(timeline.subject.autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS);

export interface ExplainedSync {
  readonly atSeconds: number;
  readonly before: number;
  readonly after: number;
  /** What the recording has. */
  readonly recorded: number;
  readonly reasons: readonly Reason[];
  /** How many syncs after this one decided the same for the same reasons. */
  readonly repeated: number;
}

/** Numbers that change with every sample; a sync that differs in them only tells nothing new. */
const withoutFigures = ({ reasons }: Pick<ExplainedSync, 'reasons'>) =>
  reasons.map(({ words, source }) => `${source} ${words.replace(/\d+(\.\d+)?/g, '#')}`).join('\n');

/** Explains the syncs; those that change nothing, for the same reasons as the one before, are counted only. */
export function explain(syncs: readonly ReplayedSync[], settings: Settings): ExplainedSync[] {
  const explained: ExplainedSync[] = [];
  for (const { atSeconds, seen, decision, recorded } of syncs) {
    const each = {
      ...{ atSeconds, before: seen.currentReplicas, after: decision.replicas, recorded: recorded.replicas },
      ...{ reasons: explainSync(seen, decision, settings), repeated: 0 },
    };
    const last = explained.at(-1);
    const isSame =
      last !== undefined &&
      each.before === each.after &&
      last.before === last.after &&
      each.before === last.before &&
      each.recorded === last.recorded &&
      withoutFigures(each) === withoutFigures(last);
    if (isSame) explained[explained.length - 1] = { ...last, repeated: last.repeated + 1 };
    else explained.push(each);
  }
  return explained;
}

const changeText = ({ before, after }: ExplainedSync) =>
  before === after ? `${plural(before, 'pod')} stay` : `${before} to ${plural(after, 'pod')}`;

export const reasonLine = ({ words, source }: Reason): string => `    ${words}  [${source}]`;

/** What the HPA is and what it aims at. */
export function headLine(
  { timeline, cpuRequestMillis }: Recording,
  { minReplicas, maxReplicas, targetPercent }: Settings,
): string {
  return (
    `${timeline.subject.variant}: ${minReplicas} to ${plural(maxReplicas, 'pod')}; the target is ${targetPercent} % of the ` +
    `CPU request of ${cpuRequestMillis}m.`
  );
}

/** Where the lines in brackets are. */
export function sourcesLine({ timeline }: Recording): string {
  const { kubernetesVersion } = timeline.subject;
  const other =
    kubernetesVersion === undefined || kubernetesVersion === `v${SOURCE_VERSION}`
      ? ''
      : `; the cluster ran ${kubernetesVersion}`;
  return `In brackets: lines of pkg/controller/podautoscaler/ in Kubernetes ${SOURCE_VERSION}${other}.`;
}

function syncLines(sync: ExplainedSync): string[] {
  const { atSeconds, reasons, repeated, after, recorded } = sync;
  const again =
    repeated === 0 ? '' : `, and so at the next ${repeated === 1 ? 'sync' : plural(repeated, 'sync')}`;
  const differs = after === recorded ? '' : `; recorded: ${recorded}`;
  return [`${atSeconds.toFixed(0)} s: ${changeText(sync)}${differs}${again}`, ...reasons.map(reasonLine)];
}

/** The explanation of a recording as text. */
export function explanationText(recording: Recording, syncs: readonly ReplayedSync[]): string {
  const settings = recordedSettings(recording);
  const same = syncs.filter(hasSameReplicas).length;
  const percentSame = syncs.filter(hasSamePercent).length;
  return [
    headLine(recording, settings),
    `${plural(syncs.length, 'sync')}, decided again by Kubernetes' rules from the recorded pods and CPU samples: ${same} as ` +
      `recorded, ${percentSame} with the recorded CPU use. Seconds count from the start of the ${recording.originMs === 0 ? 'recording' : 'load'}.`,
    sourcesLine(recording),
    '',
    ...explain(syncs, settings).flatMap(syncLines),
  ].join('\n');
}
