/**
 * A long load within the memory limit of the smallest pod. `npm run test:soak` mixes every kind of request; this one runs
 * for long, at a rate.
 */
import { imageSender, REQUEST_TIMEOUT_MS } from '../../bench/experiments/service-client';
import { settled } from '../../bench/experiments/verdict';
import { summarize } from '../../bench/load/documents';
import { runLoad } from '../../bench/load/generator';
import { slope } from '../../statistics/slope';
import { killedIn } from './groups';
import { CLASSIFY, IMAGE_FILE, POD_MEMORY_BYTES, residentMib, type RunFault } from './pods';
import { workersOf } from './workers';

const MIB = 1024 * 1024;
const SHARE = 0.7;
const PEAK_CLIENTS = 8;
const CONNECTIONS = 32;
const SAMPLES = 60;
/** Share of the time until the memory has settled. */
const SETTLING_SHARE = 1 / 6;
const MAX_SLOPE_MIB = 1;

/** @param askedSeconds how long; by default the form decides */
export const soakFor =
  (askedSeconds?: number): RunFault =>
  async (stage, pods) => {
    const pod = await pods.single();
    const { memory } = pod.groups!;
    const [workers, killedBefore] = [String(workersOf(pod)), killedIn(memory)];
    const answered = () => pod.metric('inference_request_duration_seconds_count');
    const post = imageSender(pod.url, IMAGE_FILE);
    const peak = settled(await post(`closed:${PEAK_CLIENTS}:${stage.choose(4, 20)}s`, PEAK_CLIENTS));
    const seconds = askedSeconds ?? stage.choose(15, 3_600);
    const before = await answered();
    memory.write('memory.max_usage_in_bytes', 0);
    const resident: number[] = [];
    const sampling = setInterval(
      () =>
        resident.push([pod.processId, ...workersOf(pod)].map(residentMib).reduce((sum, mib) => sum + mib, 0)),
      (1000 * seconds) / SAMPLES,
    );
    stage.onEnd(() => clearInterval(sampling));
    let run: Awaited<ReturnType<typeof runLoad>> | undefined;
    await stage.inject(async () => {
      run = await runLoad({
        url: `${pod.url}${CLASSIFY}`,
        load: `poisson:${(SHARE * peak.throughputPerSecond).toFixed(3)}:${seconds}s`,
        ...{
          connections: `kept:${CONNECTIONS}`,
          timeoutMs: REQUEST_TIMEOUT_MS,
          images: [{ file: IMAGE_FILE }],
        },
      });
    });
    const inGroup = memory.read('cgroup.procs').split('\n').map(Number);
    const isLimited = Number(memory.read('memory.limit_in_bytes')) <= POD_MEMORY_BYTES;
    await stage.seen(
      async () =>
        isLimited &&
        [pod.processId, ...workersOf(pod)].every((id) => inGroup.includes(id)) &&
        (await answered()) > before,
    );
    const { due, outcomes } = summarize(run!);
    const settledSamples = resident.slice(Math.floor(SETTLING_SHARE * resident.length));
    const slopeMiB = (1000 * SAMPLES * slope(settledSamples)) / due;
    const killed = killedIn(memory) - killedBefore;
    const { refused } = outcomes;
    const failed = due - outcomes.right - refused;
    const figures = {
      seconds,
      due,
      refused,
      failed,
      maxMiB: Number(memory.read('memory.max_usage_in_bytes')) / MIB,
      limitMiB: POD_MEMORY_BYTES / MIB,
      slopeMiB,
      killed,
    };
    for (const [name, value] of Object.entries(figures)) stage.figure(name, value);
    stage.claim(`the kernel kills no process: ${killed}`, killed === 0);
    stage.claim('no model process is replaced', String(workersOf(pod)) === workers);
    stage.claim(`every request is answered or refused: ${JSON.stringify(outcomes)}`, failed === 0);
    stage.claimTime(`no request is refused: ${refused}`, refused === 0);
    stage.claimTime(
      `memory grows by at most ${MAX_SLOPE_MIB} MiB per 1,000 requests: ${slopeMiB}`,
      slopeMiB <= MAX_SLOPE_MIB,
    );
  };
