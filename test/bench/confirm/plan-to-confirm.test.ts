import { planToConfirm, REFUSED_FACTOR, SLO } from '../../../bench/confirm/plan-to-confirm';
import { EVIDENCE } from '../adviser/subject';

test('the plan that is run recommends one deployment, and refuses one that is far beyond the objective', () => {
  const { judged } = planToConfirm(EVIDENCE);
  const [[recommended, best], [refused, worse]] = judged as [(typeof judged)[0], (typeof judged)[0]];
  expect([recommended, refused]).toEqual(['recommended', 'refused']);
  expect(best.edgeMs).toBeLessThanOrEqual(SLO.limitMs);
  expect(worse.latencyMs).toBeGreaterThanOrEqual(REFUSED_FACTOR * SLO.limitMs);
  expect(worse.coresRequested).toBeLessThanOrEqual(best.coresRequested);
});

test('recordings without what a plan needs are refused with the command that measures it', () => {
  expect(() => planToConfirm({ runs: [], hpaRuns: [], curves: new Map() })).toThrow(
    'the recordings have no machine.json of MobileNetV2: run "npm run experiments -- --only machine" first',
  );
});
