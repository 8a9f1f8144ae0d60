import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readSavedModel } from '../../../models/weights/saved-model';

test('a manifest that is missing or damaged is named, with what to do', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-saved-model-'));
  const file = join(folder, 'model.json');
  expect(() => readSavedModel(folder)).toThrow(
    `${file} is not there: name a folder that \`tandem train\` wrote`,
  );
  writeFileSync(file, '{"format": "tand');
  expect(() => readSavedModel(folder)).toThrow(`${file} must be JSON: it is damaged; copy it again`);
});
