import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { compile } from '../../scripts/build-wasm';

test('the committed WebAssembly is what its source compiles to', () => {
  expect(readFileSync(join(__dirname, '../../models/data/jpeg-wasm.ts'), 'utf8')).toBe(compile());
});
