/**
 * The generated parts about `tandem bench`: docs/benchmarking.md and README.md.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseVegeta, VEGETA_FILE, vegetaText } from '../bench/experiments/vegeta-document';
import { parseCapacityDocument } from '../bench/load/capacity-document';
import { CONNECTION_FORMS } from '../bench/load/connections';
import { LOAD_FORMS } from '../bench/load/load';
import { formatCapacity, formatProbe } from '../bench/load/report';
import { VALIDITY_RULES, type ValidityRule } from '../bench/load/run-document';
import { VALIDITY_REMEDIES } from '../bench/load/validity';
import { code, fenced, table } from '../charts/markdown';
import { ROOT } from './documents';

/** What `tandem bench capacity --out` wrote when it searched for the example's capacity. */
const capacityExample = () =>
  parseCapacityDocument(readFileSync(join(ROOT, 'docs/benchmarking/capacity.json'), 'utf8'));

export const BENCHMARKING_TABLES: Readonly<Record<string, () => string | undefined>> = {
  loads: () =>
    table(
      ['`--load`', 'what is sent'],
      LOAD_FORMS.map(([form, meaning]) => [code(form), meaning]),
    ),
  connections: () =>
    table(
      ['`--connections`', 'what it does'],
      CONNECTION_FORMS.map(([form, meaning]) => [code(form), meaning]),
    ),
  validity: () =>
    table(
      ['INVALID because', 'what to do'],
      Object.entries(VALIDITY_RULES).map(([rule, text]) => [text, VALIDITY_REMEDIES[rule as ValidityRule]]),
    ),
  'capacity-knee': () =>
    fenced(
      formatCapacity(capacityExample())
        .split('\n')
        .filter((line) => /^(knee|measured) /.test(line)),
    ),
  'capacity-search': () => {
    const found = capacityExample();
    return fenced([...found.probes.map(formatProbe), formatCapacity(found)]);
  },
  // Until the first recording, the sentence that was typed by hand stays.
  vegeta: () =>
    existsSync(VEGETA_FILE) ? vegetaText(parseVegeta(readFileSync(VEGETA_FILE, 'utf8'))) : undefined,
};
