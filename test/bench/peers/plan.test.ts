import { LENGTHS, orderOf, planOf, visitName } from '../../../bench/peers/plan';
import { SERVER_NAMES } from '../../../bench/peers/servers';

/** What a visit takes beside its loads: start, first answer, warm-up, starts of the load generator, end. */
const OVERHEAD_SECONDS = 6;

test.each([
  ['quick', 15],
  ['full', 30],
] as const)(
  'the loads of the %s form leave its %i minutes to start and end every server',
  (form, minutes) => {
    const plan = planOf(form);
    const loads = plan.flatMap(({ loads }) => loads).reduce((sum, { seconds }) => sum + seconds, 0);
    const seconds = LENGTHS[form].rounds * (loads + OVERHEAD_SECONDS * plan.length);
    expect(seconds).toBeLessThan(60 * minutes);
  },
);

test.each(['quick', 'full'] as const)('the %s form measures every server, and no visit twice', (form) => {
  const plan = planOf(form);
  expect(new Set(plan.map(({ server }) => server))).toEqual(new Set(SERVER_NAMES));
  const names = plan.map(visitName);
  expect(new Set(names).size).toBe(names.length);
});

test('Tandem gives each of two cores a process of its own', () => {
  const own = planOf('quick', ['tandem']).filter(({ limitMillis }) => limitMillis === 2000);
  expect(own.map(visitName)).toEqual([
    'tandem latency fp32 2000m 2x1',
    'tandem latency int8 2000m 2x1',
    'tandem accuracy fp32 2000m 2x1',
    'tandem accuracy int8 2000m 2x1',
  ]);
});

test('a round of some servers has these alone', () => {
  const plan = planOf('full', ['floor', 'mlserver']);
  expect(new Set(plan.map(({ server }) => server))).toEqual(new Set(['floor', 'mlserver']));
});

test('every second round runs backwards', () => {
  const plan = planOf('quick');
  expect(orderOf(plan, 1)).toEqual(plan);
  expect(orderOf(plan, 2)).toEqual([...plan].reverse());
});
