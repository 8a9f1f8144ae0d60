/**
 * The generated parts about `tandem bench`: docs/benchmarking.md and README.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseVegeta, VEGETA_FILE, vegetaText } from '../bench/experiments/vegeta-document';
import { parseCapacityDocument } from '../bench/load/capacity-document';
import { CONNECTION_FORMS } from '../bench/load/connections';
import { LOAD_FORMS } from '../bench/load/load';
import {
  formatCapacity,
  formatLatency,
  formatProbe,
  formatRun,
  type LatencyDocuments,
} from '../bench/load/report';
import {
  parseRunDocument,
  type RunDocument,
  VALIDITY_RULES,
  type ValidityRule,
} from '../bench/load/run-document';
import { VALIDITY_REMEDIES } from '../bench/load/validity';
import { formatTimeline } from '../bench/timeline/report';
import { parseTimeline } from '../bench/timeline/timeline-document';
import { code, fenced, table } from '../charts/markdown';
import { ROOT } from './documents';

/** What a command of the page wrote with `--out`, beside `npm start`. */
const example = (command: 'capacity' | 'latency' | 'load' | 'timeline') =>
  readFileSync(join(ROOT, `docs/benchmarking/${command}.json`), 'utf8');

const capacityExample = () => parseCapacityDocument(example('capacity'));

function latencyExample(): string {
  const { singleStream, offline } = JSON.parse(example('latency')) as LatencyDocuments;
  const parse = (run: RunDocument) => parseRunDocument(JSON.stringify(run));
  return formatLatency({ singleStream: parse(singleStream), ...(offline && { offline: parse(offline) }) });
}

export const BENCHMARKING_TABLES: Readonly<Record<string, () => string>> = {
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
  'latency-example': () => fenced([latencyExample()]),
  'load-example': () => fenced([formatRun(parseRunDocument(example('load')))]),
  'timeline-example': () => fenced([formatTimeline(parseTimeline(example('timeline')))]),
  vegeta: () => vegetaText(parseVegeta(readFileSync(VEGETA_FILE, 'utf8'))),
};
