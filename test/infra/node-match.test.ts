import { isSelected, preferredWeightOf, type Toleration, untolerated } from '../../infra/node-match';

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
const asks = (key: string, operator: string, ...values: string[]) => ({
  matchExpressions: [{ key, operator, values }],
});

test.each([
  ['a label', { disk: 'ssd' }, {}, true],
  ['another value', { disk: 'hdd' }, {}, false],
  ['In', {}, required(asks('disk', 'In', 'hdd', 'ssd')), true],
  ['NotIn', {}, required(asks('disk', 'NotIn', 'ssd')), false],
  ['NotIn of a label that is missing', {}, required(asks('gpu', 'NotIn', 'a')), true],
  ['Exists', {}, required(asks('gpu', 'Exists')), false],
  ['DoesNotExist', {}, required(asks('gpu', 'DoesNotExist')), true],
  ['Gt', {}, required(asks('cores', 'Gt', '7')), true],
  ['Gt of a label that is no number', {}, required(asks('disk', 'Gt', '7')), false],
  ['Lt', {}, required(asks('cores', 'Lt', '8')), false],
  ['one of several terms', {}, required(asks('gpu', 'Exists'), asks('disk', 'Exists')), true],
  ['an empty term', {}, required({}), false],
  [
    'its name',
    {},
    required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['one'] }] }),
    true,
  ],
  ['selector and affinity', { disk: 'ssd' }, required(asks('gpu', 'Exists')), false],
])('a node is selected by %s', (_, nodeSelector, affinity, isOne) => {
  expect(isSelected(node, nodeSelector, affinity)).toBe(isOne);
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
