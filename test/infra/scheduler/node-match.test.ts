import {
  preferredWeightOf,
  type Toleration,
  unmetOn,
  untolerated,
} from '../../../infra/scheduler/node-match';

const taint = { key: 'team', value: 'a', effect: 'NoSchedule' };

test.each<[Toleration, boolean]>([
  [{ operator: 'Exists' }, true],
  [{ key: 'team', operator: 'Exists' }, true],
  [{ key: 'team', operator: 'Exists', effect: 'NoExecute' }, false],
  [{ key: 'team', value: 'a', effect: 'NoSchedule' }, true],
  [{ key: 'team', operator: 'Equal', value: 'a', effect: '' }, true],
  [{ key: 'team', value: 'b' }, false],
  [{ key: 'other', operator: 'Exists' }, false],
  [{ key: 'team' }, false],
])('the toleration %j covers the taint team=a:NoSchedule: %s', (toleration, covers) => {
  expect(untolerated([taint], [toleration])).toEqual(covers ? [] : [taint]);
});

test('every taint that no toleration covers is left', () => {
  const other = { key: 'gpu', effect: 'PreferNoSchedule' };
  expect(untolerated([taint, other], [{ key: 'team', operator: 'Exists' }])).toEqual([other]);
});

const node = { name: 'one', labels: { disk: 'ssd', cores: '8' } };
const required = (...nodeSelectorTerms: object[]) => ({
  requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
});
const OTHER = 'not those of the node affinity';
const asks = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

test.each([
  ['a label', { disk: 'ssd' }, {}, undefined],
  ['another value', { disk: 'hdd' }, {}, 'disk=ssd, needs hdd'],
  ['a label that is missing', { gpu: 'a' }, {}, 'no gpu, needs a'],
  ['In', {}, required(asks('disk', 'In', 'hdd', 'ssd')), undefined],
  ['In of other values', {}, required(asks('disk', 'In', 'hdd', 'nvme')), 'disk=ssd, needs hdd or nvme'],
  ['NotIn', {}, required(asks('disk', 'NotIn', 'ssd')), OTHER],
  ['NotIn of a label that is missing', {}, required(asks('gpu', 'NotIn', 'a')), undefined],
  ['Exists', {}, required(asks('gpu', 'Exists')), OTHER],
  ['DoesNotExist', {}, required(asks('gpu', 'DoesNotExist')), undefined],
  ['Gt', {}, required(asks('cores', 'Gt', '7')), undefined],
  ['Gt of a label that is no number', {}, required(asks('disk', 'Gt', '7')), OTHER],
  ['Lt', {}, required(asks('cores', 'Lt', '8')), OTHER],
  ['one of several terms', {}, required(asks('gpu', 'Exists'), asks('disk', 'Exists')), undefined],
  ['none of several terms', {}, required(asks('gpu', 'In', 'a'), asks('disk', 'In', 'hdd')), OTHER],
  ['an empty term', {}, required({}), OTHER],
  [
    'its name',
    {},
    required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }] }),
    undefined,
  ],
  ['selector and affinity', { disk: 'ssd' }, required(asks('gpu', 'Exists')), OTHER],
])('what a node does not meet of %s', (_, nodeSelector, affinity, unmet) => {
  expect(unmetOn(node, nodeSelector, affinity)).toBe(unmet);
});

test('the weights of the preferences that a node meets are added', () => {
  const preferredDuringSchedulingIgnoredDuringExecution = [
    { weight: 5, preference: asks('disk', 'Exists') },
    { weight: 7, preference: asks('gpu', 'Exists') },
    { weight: 11, preference: asks('cores', 'Gt', '1') },
  ];
  expect(preferredWeightOf(node, { preferredDuringSchedulingIgnoredDuringExecution })).toBe(16);
  expect(preferredWeightOf(node)).toBe(0);
});
