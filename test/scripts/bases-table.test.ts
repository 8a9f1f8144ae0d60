import { readFileSync } from 'node:fs';

import { BASES_CHART_FILE, basesText, trashnetBasesChart } from '../../scripts/bases-table';

test('the chart of the compared bases is drawn from the committed figures: npm run docs', () => {
  expect(readFileSync(BASES_CHART_FILE, 'utf8')).toBe(trashnetBasesChart());
});

test('the table of the compared bases names the bases that could not be had', () => {
  expect(basesText()).toMatch(/^Not compared:\n\n- ResNet101V2: .* are not here/m);
});
