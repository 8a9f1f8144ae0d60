/** `tandem explain hpa NAMESPACE/NAME --kubeconfig FILE`: an HPA of a cluster, as it is now or while it is watched. */
import { type Change, changedSettings } from '../bench/adviser/change';
import { type AutoscalerSpec, DEFAULT_FLAGS, settingsOf } from '../bench/autoscaler/settings';
import { plural } from '../bench/evidence/words';
import type { Subject } from '../bench/timeline/timeline-document';
import { untilInterrupted } from './bench/options';
import { explainChange } from './explain-change';
import { note } from './options';

/* eslint-disable @typescript-eslint/no-require-imports -- a command must not load the other commands' libraries */

/** Names of namespaces are labels, those of HPAs may have dots (RFC 1123). */
const NAMESPACED = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/;

export interface ClusterOptions {
  readonly kubeconfig: string;
  /** Seconds; one look without it. */
  readonly duration?: number;
  readonly whatIf?: Change;
}

/**
 * Explains an HPA of a cluster.
 *
 * @throws Error with the remedy if the HPA or what its decisions depend on cannot be read
 */
export async function explainCluster(
  what: string,
  { kubeconfig, duration, whatIf: change }: ClusterOptions,
): Promise<void> {
  const { recordAutoscaler } =
    require('../bench/timeline/record') as typeof import('../bench/timeline/record.js');
  const { recordingOfTimeline } =
    require('../bench/adviser/recorded-file') as typeof import('../bench/adviser/recorded-file.js');
  const { replayRecording } =
    require('../bench/evidence/hpa-replay') as typeof import('../bench/evidence/hpa-replay.js');
  const { explanationNow, hpaWords } =
    require('../bench/adviser/hpa-now') as typeof import('../bench/adviser/hpa-now.js');
  const { explanationText } =
    require('../bench/adviser/explanation') as typeof import('../bench/adviser/explanation.js');
  const [, namespace, name] = NAMESPACED.exec(what) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new RangeError(`with --kubeconfig, name the HPA as NAMESPACE/NAME, received ${what}`);
  }
  if (change !== undefined && duration === undefined) {
    throw new RangeError('--what-if decides syncs again: add --duration, such as --duration 5m');
  }
  const check = ({ autoscalerSpec }: Subject) => {
    const settings = settingsOf(autoscalerSpec as AutoscalerSpec, DEFAULT_FLAGS);
    if (change !== undefined) changedSettings(settings, change);
    if (duration !== undefined) note(`watching for ${duration} s; Ctrl-C ends it early`);
  };
  const timeline = await untilInterrupted('explaining what was seen', (stop) => {
    const time = { seconds: duration ?? 0, stop, mayStop: false };
    return recordAutoscaler(['kubectl', '--kubeconfig', kubeconfig], namespace, name, time, check);
  });
  const { failures, replicas } = timeline;
  const failed = failures[0] && `${failures[0].read}: ${failures[0].message}`;
  if (replicas.length === 0) throw new Error(`the HPA's target could not be read: ${failed}`);
  if (failed !== undefined) note(`${plural(failures.length, 'read')} failed, the first of ${failed}`);
  const recording = recordingOfTimeline(timeline);
  const syncs = replayRecording(recording)!;
  if (change !== undefined) {
    explainChange(recording, syncs, change);
    return;
  }
  if (duration !== undefined && syncs.length === 0)
    note("the HPA's status did not change: no sync to explain");
  console.log(
    syncs.length === 0
      ? explanationNow(recording)
      : [explanationText(recording, syncs), '', ...hpaWords(timeline)].join('\n'),
  );
}
