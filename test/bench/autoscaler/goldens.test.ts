import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { PACKAGE_ROOT } from '../../../files/package-root';
import { ORACLES } from '../../autoscaler/oracles';

test.each(ORACLES)(
  'the recorded $name of the real controller are decided the same',
  ({ name, goldens, compare }) => {
    const file = join(PACKAGE_ROOT, 'test/fixtures/autoscaler', `${name}.jsonl.gz`);
    const lines = gunzipSync(readFileSync(file)).toString().trim().split('\n');
    expect(lines).toHaveLength(goldens);
    for (const line of lines) expect(compare(line).difference).toBeUndefined();
  },
);
