import { fitService, formTrials } from '../../../bench/adviser/fit-service';
import { recordedScenario } from '../../../bench/adviser/recorded-scenario';
import type { ExperimentRun } from '../../../bench/evidence/experiment-run';
import { rateCurve } from '../../../bench/evidence/rate-curve';
import { loadOf, requestsOf } from '../../../bench/evidence/runs';
import { encodeRequests } from '../../../bench/load/run-document';
import { simulate } from '../../../bench/twin/simulate';
import { parseCpuMillis } from '../../../infra/quantity';
import { syntheticRun } from '../evidence/synthetic-run';
import { POD } from '../twin/subject';

const run = syntheticRun({
  ...{ variant: 'latency-single-pod', load: 'steps:4,10,16:40s' },
  ...{ cpuSecondsPerImage: 0.02, cpuFactor: 0.2, limitMs: 400 },
});
const pod = {
  ...POD,
  cpuLimitMillis: parseCpuMillis(run.applied.resources.limits.cpu),
  // The CPU time of the run's own samples, which have no idle use.
  ...{ cpuMsPerImage: 20, idleMillis: 0, startCpuMs: 0 },
  ...{ cpuSpread: 0.3, coldShare: 0, stretch: 1.3 },
};

/** The run with latencies that the twin made of these figures, from a seed that the fit does not use. */
function recordedBy(figures: typeof pod): ExperimentRun {
  const { latencyMs, outcome } = simulate(recordedScenario(run, figures), 99);
  const requests = encodeRequests({ ...requestsOf(run), latencyMs, outcome });
  return { ...run, timeline: { ...run.timeline, load: { ...loadOf(run), requests } } };
}

test('the fit finds the form that made the latencies, and takes the CPU time from the samples', () => {
  const curve = rateCurve([recordedBy(pod)]);
  const fit = fitService(formTrials([curve], pod), ['latency-single-pod']);
  expect(Math.abs(fit.cpuMsPerImage / 20 - 1)).toBeLessThan(0.1);
  expect(Math.abs(fit.cpuSpread - pod.cpuSpread)).toBeLessThan(0.15);
  expect(Math.abs(fit.stretch * (1 + fit.coldShare) - pod.stretch)).toBeLessThan(0.25);
  expect(fit.error).toBeLessThan(0.2);
  expect(fit.rates).toBe(3);
});

test('a pod that answered too little cannot be fitted', () => {
  const short = syntheticRun({
    ...{ variant: 'latency-single-pod', load: 'steps:1,2:5s' },
    ...{ cpuSecondsPerImage: 0.02, cpuFactor: 0.2, limitMs: 400 },
  });
  expect(() => fitService(formTrials([rateCurve([short])], pod), ['latency-single-pod'])).toThrow(
    'latency-single-pod must have a rate with 20 requests that are answered, and CPU samples: run "npm run experiments',
  );
});
