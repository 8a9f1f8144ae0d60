import { BASES } from '../../../infra/allocation';
import { CLUSTER, clusterOf } from '../../../infra/scheduler/cluster';
import { fitOf } from '../../../infra/fit/fit';
import { describedLine, summaryLines } from '../../../infra/fit/fit-summary';
import { VARIANTS } from '../../../infra/variants';

const fitsOn = (bases: readonly (typeof BASES)[number][], surroundings = {}) =>
  VARIANTS.flatMap((variant) => bases.map((basis) => fitOf(variant, basis, CLUSTER, surroundings)));

test('the summary has a row per variant with a column per basis, and says what each basis means', () => {
  expect(summaryLines(fitsOn(BASES), 'On it:')).toEqual([
    'On it:',
    '  variant              figures per container  figures per node',
    '  accuracy-single-pod  fits                   fits',
    '  accuracy-max-size    2 of 4 Pending         fits',
    '  accuracy-hpa         max: 6 of 10 Pending   max: 4 of 10 Pending',
    '  latency-single-pod   fits                   fits',
    '  latency-max-size     fits                   fits',
    '  latency-hpa          fits                   fits',
    '  previous-max-size    2 of 4 Pending         fits',
    '',
    'The reference’s requests and limits can be read in two ways (docs/deploying.md#will-it-fit). Per container (--basis container, as in dist/), each pod requests the printed figures. Per node (--basis node), they are the total of a node, and each pod requests its share.',
    'For nodes, sums and reasons, add the name of a variant to the command, or --verbose for all of them.',
  ]);
});

test('with one basis the summary has one column', () => {
  const [, head, first] = summaryLines(fitsOn(['node']), 'On it:');
  expect([head, first]).toEqual(['  variant              figures per node', '  accuracy-single-pod  fits']);
});

test('the summary names once what was not counted, and pods that a quota refuses', () => {
  const bound = () => ({ pods: 1, reason: 'exceeded quota: pods' });
  const lines = summaryLines(fitsOn(['container'], { bound, notCounted: ['the node selector'] }), 'On it:');
  expect(lines.filter((line) => line.includes('not counted'))).toEqual(['  not counted: the node selector']);
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {2}latency-hpa +min: 1 of 2 not created, max: 7 of 8 not created$/),
  );
});

test('the cluster that is assumed is named, with its nodes', () => {
  expect(describedLine(CLUSTER)).toBe(
    'On the reference’s cluster: 3 nodes of 4000m CPU and 8050000Ki memory each, one of them a control plane, which takes no pod of ours:',
  );
  const described = { cpuAllocatableMillis: 2000, memoryAllocatableBytes: 4 * 2 ** 30, controlPlane: false };
  expect(describedLine(clusterOf({ ...described, nodes: 2 }))).toBe(
    'On 2 nodes of 2000m CPU and 4Gi memory each:',
  );
  expect(describedLine(clusterOf({ ...described, nodes: 1 }))).toBe('On 1 node of 2000m CPU and 4Gi memory:');
});
