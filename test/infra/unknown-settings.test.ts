import { SETTING_VARIABLES } from '../../infra/settings';
import { unknownSettingLines } from '../../infra/unknown-settings';

test.each([
  ['TANDEM_NAMESPCE', 'TANDEM_NAMESPACE'],
  ['TANDEM_MODEL', 'TANDEM_MODELS'],
  ['TANDEM_NODESELECTOR', 'TANDEM_NODE_SELECTOR'],
  ['TANDEM_CACHE_DIR', 'TANDEM_CACHE'],
])('%s is named, with %s as the nearest setting', (name, nearest) => {
  expect(unknownSettingLines({ [name]: 'foo' })).toEqual([
    `warning: ${name} is no setting and is ignored: did you mean ${nearest}? docs/deploying.md#settings lists them`,
  ]);
});

test('settings, the cache, empty variables and those of others are not named', () => {
  const settings = Object.fromEntries(Object.values(SETTING_VARIABLES).map((name) => [name, 'foo']));
  expect(
    unknownSettingLines({
      ...settings,
      TANDEM_CACHE: '/cache',
      TANDEM_NAMESPCE: '',
      TANDEMS: 'foo',
      PATH: 'x',
    }),
  ).toEqual([]);
});
