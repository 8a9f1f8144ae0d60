import { setTimeout as delay } from 'node:timers/promises';

import { QUESTIONS } from '../../scripts/dashboard-panels';
import type { ModelName } from '../../models/catalog';
import type { ModelQueue } from '../../service/inference/model-queue';
import { createMetrics } from '../../service/metrics';
import { clusterMetrics } from '../support/cluster-metrics';
import { describeWithPrometheus, type RunningPrometheus, startPrometheus } from '../support/prometheus';

const PATIENCE_MS = 100_000;
const MODEL = { model: 'latency' };

/** What Grafana puts in place of its variables. */
const asGrafana = (expr: string) =>
  expr.replaceAll('$instance', '.*').replaceAll('$namespace', 'tandem').replaceAll('$__rate_interval', '1m');

/** Without a CPU limit the kernel counts no periods, and their share is 0 / 0. */
const mayBeNaN = (expr: string) => expr.includes('cgroup_cpu_periods_total');

const panels = QUESTIONS.flatMap(({ panels: own }) => own);
const exprs = panels.flatMap(({ queries }) => queries.map(({ expr }) => asGrafana(expr)));
const exprOf = (title: string) => asGrafana(panels.find((panel) => panel.title === title)!.queries[0]!.expr);

/** A service that answers nine requests and refuses one between two scrapes. */
function busyService() {
  const queue = {
    processIds: [process.pid],
    state: { kind: 'ready', loaded: { sha256: 'a'.repeat(64), engine: 'onnxruntime', precision: 'int8' } },
  } as unknown as ModelQueue;
  const metrics = createMetrics(new Map<ModelName, ModelQueue>([['latency', queue]]));
  const { requestSeconds, queueSeconds, decodeSeconds, inferenceSeconds, batchSize } = metrics;
  return () => {
    for (let i = 0; i < 9; i++) {
      for (const seconds of [requestSeconds, queueSeconds, decodeSeconds, inferenceSeconds])
        seconds.observe(MODEL, 0.02);
      batchSize.observe(MODEL, 1);
    }
    metrics.inFlight.set(MODEL, 1);
    metrics.rejected.inc({ ...MODEL, reason: 'OVERLOADED' });
    metrics.rejected.inc({ ...MODEL, reason: 'CLIENT_GONE' });
    return metrics.registry.metrics();
  };
}

describeWithPrometheus('the dashboard’s queries in a real Prometheus', () => {
  let prometheus: RunningPrometheus;
  beforeAll(async () => {
    let scrapes = 0;
    prometheus = await startPrometheus([
      { labels: { namespace: 'tandem' }, scrape: busyService() },
      { labels: {}, scrape: () => clusterMetrics(scrapes++) },
    ]);
  }, PATIENCE_MS);
  afterAll(() => prometheus.stop());

  /** Asks until the answer satisfies; a scrape that came too late on a busy machine leaves a gap. */
  async function eventually<T>(ask: () => Promise<T>, satisfies: (answer: T) => boolean): Promise<T> {
    const until = Date.now() + PATIENCE_MS / 2;
    for (;;) {
      const answer = await ask();
      if (satisfies(answer) || Date.now() > until) return answer;
      await delay(300);
    }
  }

  test(
    'every query is accepted and has a number',
    async () => {
      const isAnswered = async (expr: string) =>
        (await prometheus.query(expr)).some(({ value }) => Number.isFinite(value) || mayBeNaN(expr));
      const unanswered = async () => {
        const found = await Promise.all(exprs.map(isAnswered));
        return exprs.filter((_, i) => !found[i]);
      };
      expect(await eventually(unanswered, (missing) => missing.length === 0)).toEqual([]);
    },
    PATIENCE_MS,
  );

  test.each([
    ['Error share', 0.1],
    ['At its maximum', 2 / 8],
    ['Memory of the fullest pod', 120 / 1175],
    ['Instances that are ready', 1],
  ])(
    'the tile “%s” shows what was scraped',
    async (title, value) => {
      const samples = await eventually(
        () => prometheus.query(exprOf(title)),
        ({ length }) => length > 0,
      );
      expect(samples.map((sample) => sample.value)).toEqual([expect.closeTo(value, 6)]);
    },
    PATIENCE_MS,
  );

  test('a query with a mistake is refused, so that the tests above can fail', async () => {
    await expect(prometheus.query('sum by (model (up)')).rejects.toThrow('parse error');
  });
});
