import { BASES } from '../../../infra/allocation';
import { CLUSTER } from '../../../infra/scheduler/cluster';
import { fitOf } from '../../../infra/fit/fit';
import { summaryLines } from '../../../infra/fit/fit-summary';
import { VARIANTS } from '../../../infra/variants';

const fitsOn = (bases: readonly (typeof BASES)[number][], surroundings = {}) =>
  VARIANTS.flatMap((variant) => bases.map((basis) => fitOf(variant, basis, CLUSTER, surroundings)));

test('the summary has a row per variant with a column per basis, and says what each basis means', () => {
  expect(summaryLines(fitsOn(BASES))).toEqual([
    '  variant              container basis       node basis',
    '  accuracy-single-pod  fits                  fits',
    '  accuracy-max-size    2 of 4 Pending        fits',
    '  accuracy-hpa         max: 6 of 10 Pending  max: 4 of 10 Pending',
    '  latency-single-pod   fits                  fits',
    '  latency-max-size     fits                  fits',
    '  latency-hpa          fits                  fits',
    '  previous-max-size    2 of 4 Pending        fits',
    '',
    'On the container basis, each pod requests the figures that the reference prints; on the node basis, the printed figures are the total of a node, and each pod requests its share (docs/deploying.md#will-it-fit).',
    'For nodes, sums and reasons, add the name of a variant to the command, or --verbose for all of them.',
  ]);
});

test('with one basis the summary has one column', () => {
  const [head, first] = summaryLines(fitsOn(['node']));
  expect([head, first]).toEqual(['  variant              node basis', '  accuracy-single-pod  fits']);
});

test('the summary names once what was not counted, and pods that a quota refuses', () => {
  const bound = () => ({ pods: 1, reason: 'exceeded quota: pods' });
  const lines = summaryLines(fitsOn(['container'], { bound, notCounted: ['the node selector'] }));
  expect(lines.filter((line) => line.includes('not counted'))).toEqual(['  not counted: the node selector']);
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {2}latency-hpa +min: 1 of 2 not created, max: 7 of 8 not created$/),
  );
});
