/**
 * Measures one variant in a cluster: applies it in a namespace of its own, sends load from an indexed Job, records the
 * timeline from outside, and deletes the namespace, also after a failure or an interrupt.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { LoadGeneratorProps } from '../../infra/construct/load-generator';
import { minReplicasOf } from '../../infra/construct/replicas';
import { selectorOf } from '../../infra/construct/inference-service';
import type { Settings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import type { RunDocument } from '../load/run-document';
import { LATE_START } from '../load/start-at';
import { openApi, type ReadApi } from '../timeline/api-reader';
import { kubernetesSource, pathsOf } from '../timeline/kubernetes-source';
import { type Recorder, startRecorder } from '../timeline/recorder';
import { subjectOf } from '../timeline/subject';
import type { TimelineDocument } from '../timeline/timeline-document';
import { waitForMetrics } from './hpa-metrics';
import { idleUntilMinimum } from './idle';
import { collectDocuments, logTails, waitForJob } from './job';
import { kubectlOf } from './kubectl';
import { loadManifests, namespaceManifest, variantManifests } from './manifests';
import { refuse } from './refusals';
import { serviceUrl } from './service-url';

const READY_TIMEOUT_SECONDS = 600;
const DELETE_TIMEOUT_SECONDS = 180;
/** Longer than the longest wait within one call of kubectl. */
const KUBECTL_TIMEOUT_MS = (READY_TIMEOUT_SECONDS + 30) * 1000;
/** Time for all pods of the load generator to be scheduled, to get the image and to start. */
const START_TOGETHER_MS = 60_000;
/** Stands for the Service's URL until it exists. */
const ANY_URL = 'http://192.0.2.1/';

export interface ClusterRunOptions {
  /** kubectl and its first arguments, such as `kubectl --kubeconfig FILE`. */
  readonly kubectl: readonly [string, ...string[]];
  /** The variant; its figures may differ from those of `dist/`, and the document states those that were applied. */
  readonly variant: Variant;
  /** Its namespace is ignored: the run creates its own. */
  readonly settings: Settings;
  readonly load: Pick<LoadGeneratorProps, 'images' | 'pods' | 'durationSeconds'> & {
    /** Arguments of `tandem bench load` for the Service's URL, without `--shard` and `--start-at`. */
    readonly args: (url: string) => readonly string[];
  };
  /** Merges the generators' documents; `mergeRuns` of bench/load. */
  readonly merge: (documents: readonly RunDocument[]) => RunDocument;
  /** How long to record after the load, such as until the HPA has scaled down. */
  readonly idleSeconds: number;
  /** Ends that early, once the HPA is back at its minimum. @default false */
  readonly endsIdleAtMinimum?: boolean;
  /** Whether the recording goes on after this load. @default always */
  readonly isWorthIdling?: (load: RunDocument) => boolean;
  /** Git commit of the manifests. @default none */
  readonly commit?: string;
  /** Stops the load and the recording early; what was recorded is returned as incomplete. */
  readonly signal: AbortSignal;
  /** Receives one line per step. */
  readonly log: (line: string) => void;
}

/** What a run leaves. */
export interface ClusterRun {
  /** With its load if that ended; incomplete after an interrupt; absent if that came before the load. */
  readonly timeline?: TimelineDocument;
  /** Says why the namespace may remain, and how to delete it; absent if it is deleted. */
  readonly remains?: string;
}

/**
 * Measures the variant.
 *
 * @throws Error with kubectl's message or the generators' logs; the namespace is deleted then too, or the message says
 *   that it may remain
 */
export async function runVariant(options: ClusterRunOptions): Promise<ClusterRun> {
  const { settings, variant, load, log, signal } = options;
  refuse(variant, settings, { ...load, args: load.args(ANY_URL) });
  const namespace = `tandem-bench-${randomBytes(4).toString('hex')}`;
  const own = { ...settings, namespace };
  const kubectl = kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS);
  let isCreated = false;
  let timeline: TimelineDocument | undefined;
  let failure: Error | undefined;
  try {
    await kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS, signal)(['get', '--raw', '/version']);
  } catch (error) {
    if (signal.aborted) return {};
    throw error;
  }
  try {
    log(`applying ${variant.name} in namespace ${namespace}`);
    await kubectl(['apply', '-f', '-'], namespaceManifest(own));
    isCreated = true;
    timeline = await measure(options, own);
  } catch (error) {
    if (!signal.aborted) failure = error as Error;
  }
  log(`deleting namespace ${namespace}`);
  const undeleted = await deleteNamespace(options, namespace);
  // Where kubectl was not allowed to create it, it may not delete it either; Ctrl-C ends kubectl at any time.
  const remains = isCreated || signal.aborted ? undeleted : undefined;
  if (failure !== undefined) {
    throw remains === undefined ? failure : new Error(`${failure.message}\n${remains}`, { cause: failure });
  }
  return { ...(timeline && { timeline }), ...(remains !== undefined && { remains }) };
}

/** Deletes the namespace; says why it may remain, and the remedy, if that fails. */
async function deleteNamespace(
  { kubectl: command }: Pick<ClusterRunOptions, 'kubectl'>,
  namespace: string,
): Promise<string | undefined> {
  const words = ['delete', 'namespace', namespace, '--ignore-not-found'];
  try {
    await kubectlOf(command, KUBECTL_TIMEOUT_MS)([...words, `--timeout=${DELETE_TIMEOUT_SECONDS}s`]);
    return undefined;
  } catch (error) {
    const remedy = `namespace ${namespace} may remain: run ${[...command, ...words].join(' ')}`;
    return `${(error as Error).message}\n${remedy}`;
  }
}

/** Applies the variant, loads it and records it; leaves all objects for the caller to delete. */
async function measure(options: ClusterRunOptions, settings: Settings): Promise<TimelineDocument> {
  const { variant, load, signal, log } = options;
  const { namespace } = settings;
  const kubectl = kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS, signal);
  await kubectl(['apply', '-f', '-'], variantManifests(variant, settings));
  const rolledOut = () =>
    kubectl([
      ...['rollout', 'status', `deployment/${variant.name}`, '--namespace', namespace],
      `--timeout=${READY_TIMEOUT_SECONDS}s`,
    ]);
  await rolledOut();
  signal.throwIfAborted();
  const api = await openApi(options.kubectl);
  let recorder: Recorder | undefined;
  try {
    const watched = {
      namespace,
      name: variant.name,
      selector: selectorOf(variant.name),
      hasAutoscaler: variant.scaling.kind === 'hpa',
    };
    if (watched.hasAutoscaler) {
      log('waiting until the HPA reads CPU metrics');
      await waitForMetrics(api.read, pathsOf(watched).autoscaler, signal);
      // The Deployment starts with one pod; the HPA then asks for its minimum.
      await rolledOut();
    }
    const url = await serviceUrl(api.read, variant, settings);
    // The settings as given: the run's own namespace would give every run another hash.
    const manifests = variantManifests(variant, options.settings);
    const subject = await subjectOf(api.read, watched, {
      manifestSha256: createHash('sha256').update(manifests).digest('hex'),
      ...(options.commit === undefined ? {} : { commit: options.commit }),
    });
    recorder = startRecorder(kubernetesSource(api.read, watched), subject);
    const { images, pods, durationSeconds } = load;
    const generator = { images, pods, durationSeconds, args: [...load.args(url), ...startTogether(pods)] };
    // Not apply, which stores the objects once more in an annotation of at most 256 KiB: that is too small for images.
    await kubectl(['create', '-f', '-'], loadManifests(variant, settings, generator));
    log(`loading ${url} from ${load.pods} pod(s) for ${load.durationSeconds} s`);
    const measured = await finish(options, api.read, namespace, pathsOf(watched).deployment);
    const timeline = await recorder.stop(measured !== undefined && !signal.aborted);
    return measured === undefined ? timeline : { ...timeline, load: measured };
  } finally {
    await recorder?.stop(false);
    await api.close();
  }
}

/** Gives several pods one start, by the clocks of their nodes; a pod that is not ready by then fails and says so. */
const startTogether = (pods: number): readonly string[] =>
  // eslint-disable-next-line no-restricted-properties -- a point in time, for the clocks of the nodes
  pods === 1 ? [] : ['--start-at', new Date(Date.now() + START_TOGETHER_MS).toISOString()];

/** What a user of `--pods` can do about a pod that was late: the time to start is not theirs to choose. */
const lateText = (pods: number): string =>
  `a pod of --pods ${pods} was not ready ${START_TOGETHER_MS / 1000} s after its Job: get the image to every node first, ` +
  'check that the nodes’ clocks agree, or use --pods 1';

/** Waits for the Job and the idle time after it; nothing after an interrupt of the load. */
async function finish(
  options: ClusterRunOptions,
  readApi: ReadApi,
  namespace: string,
  deploymentPath: string,
): Promise<RunDocument | undefined> {
  const { variant, load, merge, idleSeconds, isWorthIdling = () => true, signal, log } = options;
  const { pods, durationSeconds } = load;
  const job = { namespace, service: variant.name, pods, durationSeconds };
  const kubectl = kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS);
  try {
    await waitForJob(readApi, job, signal);
    const merged = merge(await collectDocuments(kubectl, job, signal));
    const idles = isWorthIdling(merged);
    const most = options.endsIdleAtMinimum ? ', or until the HPA is back at its minimum' : '';
    log(`load done${idles && idleSeconds > 0 ? `; recording for ${idleSeconds} s more${most}` : ''}`);
    // An interrupt ends it early; the load is complete.
    if (idles)
      await idle(options, readApi, deploymentPath).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    return merged;
  } catch (error) {
    if (signal.aborted) return undefined;
    const tails = await logTails(kubectl, job);
    const remedy = tails.includes(LATE_START) ? `\n${lateText(pods)}` : '';
    throw new Error(`${(error as Error).message}\n${tails}${remedy}`, { cause: error });
  }
}

function idle(
  { variant: { scaling }, idleSeconds, endsIdleAtMinimum = false, signal }: ClusterRunOptions,
  readApi: ReadApi,
  deploymentPath: string,
): Promise<void> {
  const maxMs = 1000 * idleSeconds;
  return endsIdleAtMinimum
    ? idleUntilMinimum(readApi, deploymentPath, { minReplicas: minReplicasOf(scaling), maxMs, signal })
    : sleep(maxMs, undefined, { signal });
}
