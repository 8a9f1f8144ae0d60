import { fitService } from '../../../bench/adviser/fit-service';
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
  ...{ cpuMsPerImage: 26, cpuSpread: 0.3, startCpuMs: 0 },
};

/** The run with latencies that the twin made of these figures, from a seed that the fit does not use. */
function recordedBy(figures: typeof pod): ExperimentRun {
  const { latencyMs, outcome } = simulate(recordedScenario(run, figures), 99);
  const requests = encodeRequests({ ...requestsOf(run), latencyMs, outcome });
  return { ...run, timeline: { ...run.timeline, load: { ...loadOf(run), requests } } };
}

test('the fit finds the CPU time and the spread that made the latencies', () => {
  const fit = fitService(rateCurve([recordedBy(pod)]), { ...pod, cpuMsPerImage: 20 });
  expect(Math.abs(fit.cpuMsPerImage / pod.cpuMsPerImage - 1)).toBeLessThan(0.1);
  expect(Math.abs(fit.cpuSpread - pod.cpuSpread)).toBeLessThan(0.15);
  expect(fit.error).toBeLessThan(0.15);
  expect(fit.rates).toBe(3);
});

test('a pod that answered too little cannot be fitted', () => {
  const short = syntheticRun({
    ...{ variant: 'latency-single-pod', load: 'steps:1,2:5s' },
    ...{ cpuSecondsPerImage: 0.02, cpuFactor: 0.2, limitMs: 400 },
  });
  expect(() => fitService(rateCurve([short]), pod)).toThrow(
    'latency-single-pod must have a rate with 20 requests that are answered: run "npm run experiments',
  );
});
