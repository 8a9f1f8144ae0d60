/** Settings that name a Secret, and what to do without one. */
const NO_SECRETS = [
  ['imagePullSecret', 'use an image that the nodes can pull without one'],
  ['apiKeySecret', 'unset it, since the load generator sends no key'],
] as const;

/**
 * Measures one variant in a cluster: applies it in a namespace of its own, sends load from an indexed Job, records the
 * timeline from outside, and deletes the namespace, also after a failure or an interrupt.
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { LoadGeneratorProps } from '../../infra/construct/load-generator';
import { selectorOf } from '../../infra/construct/inference-service';
import type { Settings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import type { RunDocument } from '../load/run-document';
import type { WatchedAutoscaler } from '../timeline/api-objects';
import { openApi, type ReadApi } from '../timeline/api-reader';
import { kubernetesSource, pathsOf } from '../timeline/kubernetes-source';
import { type Recorder, startRecorder } from '../timeline/recorder';
import { subjectOf } from '../timeline/subject';
import type { TimelineDocument } from '../timeline/timeline-document';
import { collectDocuments, logTails, waitForJob } from './job';
import { kubectlOf } from './kubectl';
import { loadManifests, namespaceManifest, variantManifests } from './manifests';
import { serviceUrl } from './service-url';

const READY_TIMEOUT_SECONDS = 600;
const METRICS_TIMEOUT_MS = 180_000;
const DELETE_TIMEOUT_SECONDS = 180;
/** Longer than the longest wait within one call of kubectl. */
const KUBECTL_TIMEOUT_MS = (READY_TIMEOUT_SECONDS + 30) * 1000;
const POLL_INTERVAL_MS = 1000;
/** Time for all pods of the load generator to be scheduled, to get the image and to start. */
const START_TOGETHER_MS = 60_000;

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
  /** Whether the recording goes on after this load. @default always */
  readonly isWorthIdling?: (load: RunDocument) => boolean;
  /** Git commit of the manifests. @default none */
  readonly commit?: string;
  /** Stops the load and the recording early; what was recorded is returned as incomplete. */
  readonly signal: AbortSignal;
  /** Receives one line per step. */
  readonly log: (line: string) => void;
}

/**
 * Measures the variant and returns its timeline, load included. After an interrupt the timeline is incomplete and has no
 * load.
 *
 * @throws Error with kubectl's message or the generators' logs; the namespace is deleted then too
 */
export async function runVariant(options: ClusterRunOptions): Promise<TimelineDocument> {
  const { settings, variant, log, signal } = options;
  for (const [secret, remedy] of NO_SECRETS) {
    if (settings[secret] === undefined) continue;
    throw new Error(
      `${secret} must not be set, because the run creates a namespace without Secrets: ${remedy}, received ` +
        settings[secret],
    );
  }
  const kubectl = kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS);
  const namespace = `tandem-bench-${randomBytes(4).toString('hex')}`;
  const own = { ...settings, namespace };
  let failure: unknown;
  try {
    log(`applying ${variant.name} in namespace ${namespace}`);
    await kubectl(['apply', '-f', '-'], namespaceManifest(own));
    return await measure(options, own);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    log(`deleting namespace ${namespace}`);
    await kubectl([
      ...['delete', 'namespace', namespace, '--ignore-not-found', `--timeout=${DELETE_TIMEOUT_SECONDS}s`],
    ]).catch((error: unknown) => {
      const remedy = `namespace ${namespace} remains: run kubectl delete namespace ${namespace}`;
      const first = failure === undefined || signal.aborted ? '' : `${(failure as Error).message}\n`;
      throw new Error(`${first}${(error as Error).message}\n${remedy}`, { cause: error });
    });
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
    await kubectl(['apply', '-f', '-'], loadManifests(variant, settings, generator));
    log(`loading ${url} from ${load.pods} pod(s) for ${load.durationSeconds} s`);
    const measured = await finish(options, api.read, namespace);
    const timeline = await recorder.stop(measured !== undefined);
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

/** Waits for the Job and the idle time after it; nothing after an interrupt. */
async function finish(
  options: ClusterRunOptions,
  readApi: ReadApi,
  namespace: string,
): Promise<RunDocument | undefined> {
  const { variant, load, merge, idleSeconds, isWorthIdling = () => true, signal, log } = options;
  const kubectl = kubectlOf(options.kubectl, KUBECTL_TIMEOUT_MS);
  try {
    await waitForJob(readApi, namespace, variant.name, signal);
    const documents = await collectDocuments(kubectl, namespace, variant.name, load.pods);
    const merged = merge(documents);
    const idles = isWorthIdling(merged);
    log(`load done${idles && idleSeconds > 0 ? `; recording for ${idleSeconds} s more` : ''}`);
    if (idles) await sleep(1000 * idleSeconds, undefined, { signal });
    return merged;
  } catch (error) {
    if (signal.aborted) return undefined;
    const tails = await logTails(kubectl, namespace, variant.name);
    throw new Error(`${(error as Error).message}\n${tails}`, { cause: error });
  }
}

/** Waits until the HPA has read the pods' CPU use once: before that it does not scale. */
async function waitForMetrics(readApi: ReadApi, path: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + METRICS_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const { status } = JSON.parse(await readApi(path)) as WatchedAutoscaler;
    const active = status?.conditions?.find(({ type }) => type === 'ScalingActive');
    if (active?.status === 'True') return;
    if (performance.now() > deadline) {
      throw new Error(
        `the HPA has no CPU metrics after ${METRICS_TIMEOUT_MS / 1000} s: install metrics-server; ` +
          `its condition ScalingActive says: ${active?.message ?? 'nothing'}`,
      );
    }
    await sleep(POLL_INTERVAL_MS, undefined, { signal });
  }
}
