/** An HPA of a cluster as it is now: what a sync would ask for, and what the HPA itself says of its last one. Pure. */
import { EMPTY_MEMORY } from '../autoscaler/memory';
import { type Decision, reconcile } from '../autoscaler/reconcile';
import { type AutoscalerSpec, DEFAULT_FLAGS, type Settings, settingsOf } from '../autoscaler/settings';
import { type Recording, seenAtEnd } from '../evidence/hpa-replay';
import { plural } from '../evidence/words';
import type { TimelineDocument } from '../timeline/timeline-document';
import { explainProposal, explainSync, type Reason } from './explain-sync';
import { headLine, reasonLine, sourcesLine } from './explanation';

function askedText(decision: Decision, before: number, { minReplicas, maxReplicas }: Settings): string {
  if (decision.rule !== 'metrics') {
    const { replicas } = decision;
    return replicas === before ? `${plural(before, 'pod')} stay` : `${before} to ${plural(replicas, 'pod')}`;
  }
  const asked = decision.proposal.replicas;
  const bound =
    asked > maxReplicas
      ? `; maxReplicas allows ${maxReplicas}`
      : asked < minReplicas
        ? `; minReplicas asks for ${minReplicas}`
        : '';
  return `${plural(before, 'pod')}, and the CPU use asks for ${asked}${bound}`;
}

/** What the HPA's status and events say. */
export function hpaWords({ autoscaler, events }: TimelineDocument): string[] {
  const status = autoscaler.at(-1);
  if (status === undefined) return ['The HPA has no status yet: the controller has not looked at it.'];
  const { cpuPercent, desiredReplicas, conditions } = status;
  const used = cpuPercent === undefined ? 'no CPU use read' : `${cpuPercent} % of the request`;
  return [
    `The HPA's own words of its last sync: ${used}, ${plural(desiredReplicas, 'pod')} wanted.`,
    ...conditions.map(
      ({ type, status: value, reason = '-', message = '' }) => `    ${type} ${value}, ${reason}: ${message}`,
    ),
    ...events.map(
      ({ lastAt, reason, count, message }) =>
        `    ${lastAt} ${reason}${count === 1 ? '' : ` (${count} times)`}: ${message}`,
    ),
  ];
}

/**
 * One sync at the end of a recording, without windows and policies: those depend on what the controller remembers of
 * earlier syncs, which nobody can read.
 */
export function explanationNow(recording: Recording): string {
  const settings = settingsOf(recording.timeline.subject.autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS);
  const seen = seenAtEnd(recording);
  const { decision } = reconcile(seen, EMPTY_MEMORY, settings, DEFAULT_FLAGS);
  const reasons: readonly Reason[] =
    decision.rule === 'metrics'
      ? explainProposal(decision.proposal, settings)
      : explainSync(seen, decision, settings);
  return [
    headLine(recording, settings),
    "A sync now would read these pods and CPU samples, and decide so by Kubernetes' rules. Windows and policies are left out: " +
      'only the controller remembers what they look back at.',
    sourcesLine(recording),
    '',
    `now: ${askedText(decision, seen.currentReplicas, settings)}`,
    ...reasons.map(reasonLine),
    '',
    ...hpaWords(recording.timeline),
  ].join('\n');
}
