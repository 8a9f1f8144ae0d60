/** `bench run` on real nodes: its Job meets the restricted Pod Security Standard, and no object remains. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { runVariant } from '../../bench/cluster-run/run-variant';
import { mergeRuns, summarize } from '../../bench/load/documents';
import { getJson, type LabCluster } from '../../bench/lab/lab-cluster';
import { parseTimeline } from '../../bench/timeline/timeline-document';
import { IMAGES_PATH } from '../../infra/construct/load-generator';
import { DEFAULT_SETTINGS } from '../../infra/settings';
import { type Variant, VARIANTS } from '../../infra/variants';

const cluster = JSON.parse(process.env['TANDEM_TEST_CLUSTER']!) as LabCluster;
const ROOT = join(__dirname, '../..');
const IMAGE = 'weave.jpg';
const IMAGE_FILE = join(ROOT, 'models/demo/samples', IMAGE);
/** After it, the command gets a SIGTERM, and three minutes to delete its namespace before the test ends. */
const COMMAND_TIMEOUT_MS = 300_000;
const [dist] = VARIANTS.filter(({ name }) => name === 'latency-hpa');

/** Requests and limits that three nodes on two shared cores can supply. */
const VARIANT = {
  ...dist!,
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '300m', memory: '1Gi' } },
  scaling: { kind: 'hpa', minReplicas: 2, maxReplicas: 3, targetCpuPercent: 50 },
} as const;

/** One pod, and no HPA whose metrics a run awaits. */
const FIXED: Variant = {
  ...VARIANT,
  name: 'latency-max-size',
  kind: 'max-size',
  scaling: { kind: 'fixed', replicas: 1 },
};

/** Runs it and returns the timeline; only an interrupt before the load leaves none. */
const run = async (
  variant: Variant,
  load: string,
  durationSeconds: number,
  signal = new AbortController().signal,
  log = console.log,
) => {
  const { timeline, remains } = await runVariant({
    kubectl: [join(cluster.bin, 'kubectl'), '--kubeconfig', cluster.kubeconfig],
    variant,
    settings: { ...DEFAULT_SETTINGS, image: process.env['IMAGE_NAME']! },
    load: {
      args: (url) => ['--url', url, '--load', load, '--image', `${IMAGES_PATH}/${IMAGE}`, '--json'],
      images: { [IMAGE]: readFileSync(IMAGE_FILE) },
      pods: 1,
      durationSeconds,
    },
    merge: mergeRuns,
    idleSeconds: 5,
    signal,
    log,
  });
  expect(remains).toBeUndefined();
  return timeline!;
};

/** Expects that no run left a namespace; all of a run's objects are in its namespace. */
async function expectNothingLeft(): Promise<void> {
  const { items } = await getJson(cluster, '/api/v1/namespaces');
  const names = (items as any[]).map(({ metadata }) => metadata.name as string);
  expect(names.filter((name) => name.startsWith('tandem-bench-'))).toEqual([]);
}

test('a run leaves a complete timeline with the applied figures and every request of the load, and nothing else', async () => {
  const timeline = await run(VARIANT, 'poisson:10:20s', 20);
  const { subject, load, replicas, pods, counters, autoscaler, failures } = timeline;
  expect(timeline.complete).toBe(true);
  const [container] = (subject.deploymentSpec as any).template.spec.containers;
  expect(container.resources).toEqual(VARIANT.resources);
  expect(subject.autoscalerSpec).toMatchObject({ minReplicas: 2, maxReplicas: 3 });
  const { due, outcomes } = summarize(load!);
  expect(due).toBeGreaterThan(100);
  // Another program on this machine may have delayed the generator; then the document must name the rule.
  if (!load!.validity.valid) console.log(`INVALID: ${JSON.stringify(load!.validity.broken)}`);
  expect(load!.validity.valid).toBe(load!.validity.broken.length === 0);
  console.log(`run: ${JSON.stringify(outcomes)} of ${due}`);
  expect(outcomes.right / due).toBeGreaterThan(0.9);
  // The HPA may add its third pod before the run ends.
  expect(replicas.at(-1)!.ready).toBeGreaterThanOrEqual(2);
  expect(new Set(pods.map(({ node }) => node)).size).toBeGreaterThanOrEqual(2);
  expect(pods.some(({ imageId }) => imageId?.includes('sha256:'))).toBe(true);
  expect(autoscaler.at(-1)!.cpuPercent).toBeGreaterThan(0);
  expect(Math.max(...counters.map(({ answered = 0 }) => answered))).toBeGreaterThan(0);
  // A pod that starts does not answer yet.
  expect(failures.filter(({ read }) => !read.startsWith('metrics of '))).toEqual([]);
  await expectNothingLeft();
});

test('the command exits with 0 and writes the load that two generators sent together, with the options given', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-pods-'));
  const out = join(folder, 'run.json');
  try {
    // Rejects unless the command exits with 0. The variant's printed figures fit on one node, beside which the two others
    // have room for the generators.
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      [
        ...['--import', 'tsx', join(ROOT, 'cli/bench/main.ts'), 'bench', 'run'],
        ...['--kubeconfig', cluster.kubeconfig, '--variant', 'latency-single-pod', '--pods', '2'],
        ...['--load', 'poisson:20:15s', '--connections', 'kept:4', '--timeout', '5s', '--slo', 'p95=250ms'],
        ...['--image', `${IMAGE_FILE}=weave`, '--out', out],
      ],
      {
        cwd: ROOT,
        timeout: COMMAND_TIMEOUT_MS,
        env: {
          ...process.env,
          PATH: `${cluster.bin}${delimiter}${process.env['PATH']}`,
          TANDEM_IMAGE: process.env['IMAGE_NAME']!,
        },
      },
    );
    console.log(stderr);
    expect(stdout).toBe(`${out}\n`);
    const { complete, load } = parseTimeline(readFileSync(out, 'utf8'));
    expect(complete).toBe(true);
    expect(load!.generators.map(({ shard }) => shard)).toEqual([
      { index: 1, count: 2 },
      { index: 2, count: 2 },
    ]);
    expect(load!.validity.broken.map(({ rule }) => rule)).not.toContain('startsApart');
    expect(load!.settings).toMatchObject({
      ...{ connections: 'kept:4', timeoutMs: 5000, slo: 'p95=250ms' },
      images: [{ name: IMAGE, expectedClass: 'weave' }],
    });
    const { due, outcomes } = summarize(load!);
    console.log(`two generators: ${JSON.stringify(outcomes)} of ${due}`);
    expect(due).toBeGreaterThan(200);
    expect(outcomes.wrong).toBe(0);
    expect(outcomes.right / due).toBeGreaterThan(0.9);
  } finally {
    rmSync(folder, { recursive: true });
  }
  await expectNothingLeft();
});

test('an interrupt during the load returns the timeline so far, marked incomplete, and leaves nothing', async () => {
  const interrupt = new AbortController();
  const timeline = await run(FIXED, 'poisson:10:120s', 120, interrupt.signal, (line: string) => {
    console.log(line);
    if (line.startsWith('loading')) setTimeout(() => interrupt.abort(), 8_000);
  });
  expect(timeline.complete).toBe(false);
  expect(timeline.load).toBeUndefined();
  expect(timeline.replicas.length).toBeGreaterThan(0);
  await expectNothingLeft();
});

test('a generator that refuses its load makes the run fail with the generator’s own words, and leaves nothing', async () => {
  await expect(run(FIXED, 'no-such-load', 5)).rejects.toThrow(/Job failed[\s\S]*latency-max-size-load-0/);
  await expectNothingLeft();
});
