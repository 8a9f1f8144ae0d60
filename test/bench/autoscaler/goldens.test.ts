import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { PACKAGE_ROOT } from '../../../files/package-root';
import type { Scenario } from '../../autoscaler/compare';
import { ORACLES } from '../../autoscaler/oracles';
import { tallyOf } from '../../controller/tally';

const linesOf = (name: string) =>
  gunzipSync(readFileSync(join(PACKAGE_ROOT, 'test/fixtures/autoscaler', `${name}.jsonl.gz`)))
    .toString()
    .trim()
    .split('\n');

test.each(ORACLES)(
  'the recorded $name of the real controller are decided the same, by every rule',
  ({ name, goldens, compare, rules }) => {
    const lines = linesOf(name);
    expect(lines.length).toBeGreaterThanOrEqual(goldens);
    const compared = lines.map(compare);
    for (const { difference } of compared) expect(difference).toBeUndefined();
    expect([...new Set(compared.flatMap((each) => each.rules))]).toEqual(expect.arrayContaining([...rules]));
  },
);

test('the HPAs of a running kube-controller-manager are decided the same', () => {
  const scenarios = linesOf('controller').map((line) => JSON.parse(line) as Scenario);
  const { decisions, differing, otherStatus, changes, rules } = tallyOf(scenarios);
  expect({ differing, otherStatus }).toEqual({ differing: 0, otherStatus: 0 });
  expect(decisions).toBeGreaterThan(500);
  expect(changes).toBeGreaterThan(20);
  expect(rules).toEqual(
    expect.arrayContaining(['no-metrics', 'ScaleUpStabilized', 'ScaleDownStabilized', 'ScaleUpLimit']),
  );
});
