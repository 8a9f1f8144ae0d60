/** Slow, because it draws every chart of every recorded run. */
import { staleFiles } from '../../scripts/experiment-charts';
import { ROOT } from '../../scripts/documents';

test('charts and tables agree with docs/experiment/data/; if not, run `npm run experiments:charts`', () => {
  expect([...staleFiles(ROOT).keys()]).toEqual([]);
});
