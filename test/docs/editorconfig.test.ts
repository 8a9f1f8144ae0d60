import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../scripts/documents';

test('editors break lines where prettier does', () => {
  const { printWidth } = JSON.parse(readFileSync(join(ROOT, '.prettierrc.json'), 'utf8')) as {
    printWidth: number;
  };
  const editorconfig = readFileSync(join(ROOT, '.editorconfig'), 'utf8');
  expect(/max_line_length = (\d+)/.exec(editorconfig)?.[1]).toBe(String(printWidth));
});
