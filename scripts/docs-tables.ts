/**
 * Writes the generated tables of docs/, the demo page's facts and the Grafana dashboard, from the facts in the code:
 * `npm run docs`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { parallelismText, parseParallelism } from '../bench/experiments/parallelism-document';
import {
  PARALLELISM_FILE,
  performanceText,
  SESSION_OPTIONS_FILE,
} from '../bench/experiments/performance-data';
import { parseQuota, QUOTA_FILE, quotaText } from '../bench/experiments/quota-document';
import { parseSessionOptions, sessionOptionsText } from '../bench/experiments/session-options-document';
import {
  parseRecipeParts,
  RECIPE_PARTS_FILE,
  recipePartsText,
} from '../bench/experiments/recipe-parts-document';
import { PAIRED_FILE, pairedText, parsePaired } from '../bench/experiments/paired-with-keras-document';
import { OPTION_HELP } from '../infra/option-help';
import { ADAPTER_VALUES } from '../infra/construct/queue-wait';
import { type Variant, VARIANTS } from '../infra/variants';
import { writeFileAtomic } from '../files/write';
import { code, fenced, table } from '../charts/markdown';
import { DASHBOARD_FILE, dashboardText } from './dashboard';
import { BENCHMARKING_TABLES } from './benchmarking-tables';
import { BASES_CHART_FILE, basesImage, basesText, trashnetBasesChart } from './bases-table';
import { DOCUMENTS, ROOT } from './documents';
import { imagenetTable, notopTable } from './imagenet-table';
import { MODEL_TABLES } from './model-tables';
import { PAGE_FACTS_FILE, pageFacts } from './page-facts';
import { elsewhereTable, faultsTable, notSurvivedList, recordedText } from './reliability-tables';
import { planConfirmed } from './plan-confirmed';
import { roomsDiagram, roomsTable } from './rooms-tables';
import { SERVING_TABLES } from './serving-tables';
import { titleOf } from './stale-files';

/** The charts whose claims open README.md, and the page of each. */
const HEADLINES = [
  ['performance/peers.svg', 'performance.md'],
  ['experiment/single-pod.svg', 'experiment.md'],
  ['experiment/latency-hpa.svg', 'experiment.md'],
] as const;

function scalingOf({ scaling }: Variant): string {
  if (scaling.kind === 'fixed') return String(scaling.replicas);
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  return `${minReplicas} to ${maxReplicas} at ${targetCpuPercent} % CPU`;
}

/** The parts of a page that a command writes, by the name in their markers. */
type Parts = Readonly<Record<string, () => string>>;

/** The generated tables by the name in their markers. */
export const TABLES: Parts = {
  variants: () =>
    table(
      ['variant', 'model', 'replicas', 'CPU request', 'memory request', 'CPU limit', 'memory limit'],
      VARIANTS.map((variant) => {
        const { requests, limits } = variant.resources;
        const figures = [requests.cpu, requests.memory, limits.cpu, limits.memory].map(code);
        return [code(variant.name), variant.model, scalingOf(variant), ...figures];
      }),
    ),
  imagenet: imagenetTable,
  notop: notopTable,
  parallelism: () =>
    performanceText(PARALLELISM_FILE, 'npm run bench:parallelism', (text) =>
      parallelismText(parseParallelism(text)),
    ),
  'session-options': () =>
    performanceText(SESSION_OPTIONS_FILE, 'npm run bench:session-options', (text) =>
      sessionOptionsText(parseSessionOptions(text)),
    ),
  'plan-confirmed': planConfirmed,
  quota: () =>
    existsSync(QUOTA_FILE)
      ? quotaText(parseQuota(readFileSync(QUOTA_FILE, 'utf8')))
      : 'There is no data yet: run `npm run bench:quota`, then `npm run docs`.',
  settings: () =>
    table(
      ['prop or key', 'variable', 'default', 'what it sets'],
      OPTION_HELP.map(({ name, isProp, variable, default: value, meaning }) => [
        isProp ? code(name) : `${code(name)} (no prop)`,
        variable === undefined ? '' : code(variable),
        value === undefined ? '' : code(value),
        meaning,
      ]),
    ),
  'adapter-values': () => fenced([stringify(ADAPTER_VALUES, { lineWidth: 0 }).trimEnd()], 'yaml'),
  headlines: () =>
    HEADLINES.map(([chart, page]) => {
      const claim = titleOf(readFileSync(join(ROOT, 'docs', chart), 'utf8'));
      return `- ${claim}: [how it was measured](docs/${page}).`;
    }).join('\n'),
  'bases-chart': basesImage,
  bases: basesText,
  'recipe-parts': () => recipePartsText(parseRecipeParts(readFileSync(RECIPE_PARTS_FILE, 'utf8'))),
  'paired-with-keras': () => pairedText(parsePaired(readFileSync(PAIRED_FILE, 'utf8'))),
  faults: () => [faultsTable(), recordedText()].filter((text) => text !== '').join('\n\n'),
  'faults-elsewhere': elsewhereTable,
  'faults-not-survived': () => notSurvivedList(),
  rooms: () => roomsDiagram(''),
  'rooms-of-models': () => roomsDiagram('models/'),
  'rooms-of-service': () => roomsDiagram('service/'),
  'rooms-of-infra': () => roomsDiagram('infra/'),
  walls: roomsTable,
  ...MODEL_TABLES,
  ...SERVING_TABLES,
  ...BENCHMARKING_TABLES,
};

/**
 * Replaces the text between each part's markers, such as `<!-- name: npm run docs -->` and `<!-- /name -->`. Prettier must
 * not align what the next run would write unaligned.
 *
 * @param command the command in the markers; parts of other commands are left alone. @default `npm run docs`
 * @throws RangeError for a name that has no part, naming the known ones
 */
export function withTables(text: string, parts: Parts = TABLES, command = 'npm run docs'): string {
  const markers = new RegExp(`<!-- ([\\w-]+): ${command} -->[^]*?<!-- /\\1 -->`, 'g');
  return text.replace(markers, (_, name: string) => {
    const make = parts[name];
    if (make === undefined) {
      const known = Object.keys(parts).join(', ');
      throw new RangeError(
        `a generated table must be one of ${known}, received "${name}": correct its marker`,
      );
    }
    return `<!-- ${name}: ${command} -->\n<!-- prettier-ignore -->\n${make()}\n\n<!-- /${name} -->`;
  });
}

if (require.main === module) {
  for (const document of DOCUMENTS) {
    const file = join(ROOT, document);
    const text = readFileSync(file, 'utf8');
    const updated = withTables(text);
    if (updated !== text) writeFileAtomic(file, updated);
  }
  writeFileAtomic(PAGE_FACTS_FILE, pageFacts());
  writeFileAtomic(DASHBOARD_FILE, dashboardText());
  const chart = trashnetBasesChart();
  if (chart !== undefined) writeFileAtomic(BASES_CHART_FILE, chart);
}
