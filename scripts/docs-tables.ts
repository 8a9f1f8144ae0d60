/**
 * Writes the generated tables of docs/, the demo page's facts and the Grafana dashboard, from the facts in the code:
 * `npm run docs`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { stringify } from 'yaml';

import { parseCapacityDocument } from '../bench/load/capacity-document';
import { CONNECTION_FORMS } from '../bench/load/connections';
import { LOAD_FORMS } from '../bench/load/load';
import { formatCapacity, formatProbe } from '../bench/load/report';
import { VALIDITY_RULES, type ValidityRule } from '../bench/load/run-document';
import { VALIDITY_REMEDIES } from '../bench/load/validity';
import { parallelismText, parseParallelism } from '../bench/experiments/parallelism-document';
import {
  PARALLELISM_FILE,
  performanceText,
  SESSION_OPTIONS_FILE,
} from '../bench/experiments/performance-data';
import { parseSessionOptions, sessionOptionsText } from '../bench/experiments/session-options-document';
import { OPTION_HELP } from '../infra/option-help';
import { ADAPTER_VALUES } from '../infra/queue-wait';
import { type Variant, VARIANTS } from '../infra/variants';
import { INPUT_SHAPE, MODEL_IDS, MODELS } from '../models/catalog';
import type { DemoEvaluation } from '../models/demo/evaluate';
import { writeFileAtomic } from '../files/write';
import { RECIPES } from '../models/recipes';
import { table } from '../charts/markdown';
import { percent, points } from '../charts/percent';
import { DEFAULT_SHARES } from '../models/data/dataset-splits';
import { MAX_SCANS, MAX_SIDE_PIXELS, MAX_TEXT_BYTES } from '../models/data/decoding-limits';
import { MAX_GROUPS } from '../models/data/lossless-webp';
import { SPLIT_NAMES } from '../models/data/split-folders';
import { readInt8File } from '../models/engines/onnxruntime/int8-file';
import { GATE_TEXT } from '../models/evaluation/precision-gate';
import { DEMO_MODELS_DIR, readSavedModel } from '../models/weights/saved-model';
import { VARIABLE_HELP } from '../service/config';
import { ERRORS, LIMITS } from '../service/contract';
import { type Client, CLIENTS } from '../test/clients/cases';
import { outcomeText, SHAPES } from '../test/models/data/shapes';
import { DASHBOARD_FILE, dashboardText } from './dashboard';
import { BASES_CHART_FILE, basesImage, basesText, trashnetBasesChart } from './bases-table';
import { DOCUMENTS, ROOT } from './documents';
import { imagenetTable, notopTable } from './imagenet-table';
import { PAGE_FACTS_FILE, pageFacts } from './page-facts';
import { elsewhereTable, faultsTable, notSurvivedList, recordedText } from './reliability-tables';
import { roomsDiagram, roomsTable } from './rooms-tables';
import { titleOf } from './stale-files';

/** The charts whose claims open README.md, and the page of each. */
const HEADLINES = [
  ['performance/peers.svg', 'performance.md'],
  ['experiment/single-pod.svg', 'experiment.md'],
  ['experiment/latency-hpa.svg', 'experiment.md'],
] as const;

const code = (text: string) => `\`${text}\``;
const fenced = (lines: readonly string[], language = '') => [`\`\`\`${language}`, ...lines, '```'].join('\n');

/** What `tandem bench capacity --out` wrote when it searched for the example's capacity. */
const capacityExample = () =>
  parseCapacityDocument(readFileSync(join(ROOT, 'docs/benchmarking/capacity.json'), 'utf8'));

function scalingOf({ scaling }: Variant): string {
  if (scaling.kind === 'fixed') return String(scaling.replicas);
  const { minReplicas, maxReplicas, targetCpuPercent } = scaling;
  return `${minReplicas} to ${maxReplicas} at ${targetCpuPercent} % CPU`;
}

/** The generated tables by the name in their markers. */
export const TABLES: Readonly<Record<string, () => string>> = {
  variants: () =>
    table(
      ['variant', 'model', 'replicas', 'CPU request', 'memory request', 'CPU limit', 'memory limit'],
      VARIANTS.map((variant) => {
        const { requests, limits } = variant.resources;
        const figures = [requests.cpu, requests.memory, limits.cpu, limits.memory].map(code);
        return [code(variant.name), variant.model, scalingOf(variant), ...figures];
      }),
    ),
  recipes: () =>
    table(
      ['', ...MODEL_IDS],
      [
        ['architecture', ...MODEL_IDS.map((model) => code(MODELS[model].architecture))],
        ['input', ...MODEL_IDS.map(() => INPUT_SHAPE.join(' x '))],
        ...(['head', 'fineTune'] as const).map((stage) => [
          stage === 'head'
            ? 'head: epochs, learning rate'
            : 'fine-tuning: epochs, learning rate, layers un-frozen',
          ...MODEL_IDS.map((model) => {
            const { epochs, learningRate } = RECIPES[model][stage];
            const rest = stage === 'fineTune' ? `, ${RECIPES[model].fineTune.layersUnfrozen}` : '';
            return `${epochs}, ${learningRate}${rest}`;
          }),
        ]),
      ],
    ),
  imagenet: imagenetTable,
  notop: notopTable,
  demo: () =>
    table(
      ['demo model', 'measured test accuracy', '95 % interval', 'images'],
      MODEL_IDS.flatMap((model) => {
        const file = join(DEMO_MODELS_DIR, model, 'evaluation.json');
        if (!existsSync(file)) return [];
        const { accuracy, interval95, images } = JSON.parse(readFileSync(file, 'utf8')) as DemoEvaluation;
        const card = `[${model}](../models/demo/${model}/model-card.md)`;
        return [[card, percent(accuracy), interval95.map(percent).join(' to '), images]];
      }),
    ),
  precision: () =>
    `${table(
      [
        'demo model',
        'fp32',
        'int8',
        'difference in points, 95 % interval',
        'same top class',
        'images',
        'gate',
        'default',
      ],
      MODEL_IDS.flatMap((model) => {
        const int8 = readInt8File(readSavedModel(join(DEMO_MODELS_DIR, model)));
        if (int8 === undefined) return [];
        const { accuracyFp32, accuracyInt8, differenceInterval95, sameTop1, images, verdict } = int8.cost;
        const difference = `${points(accuracyInt8 - accuracyFp32)} (${differenceInterval95.map(points).join(' to ')})`;
        const shares = [percent(accuracyFp32), percent(accuracyInt8), difference, percent(sameTop1)];
        return [[code(model), ...shares, images, verdict, verdict === 'passed' ? 'int8' : 'fp32']];
      }),
    )}\n\nThe gate asks for ${GATE_TEXT}.`,
  parallelism: () =>
    performanceText(PARALLELISM_FILE, 'npm run bench:parallelism', (text) =>
      parallelismText(parseParallelism(text)),
    ),
  'session-options': () =>
    performanceText(SESSION_OPTIONS_FILE, 'npm run bench:session-options', (text) =>
      sessionOptionsText(parseSessionOptions(text)),
    ),
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
  variables: () =>
    table(
      ['variable', 'what it sets', 'default'],
      VARIABLE_HELP.map((variable) => [code(variable.name), variable.description, variable.default]),
    ),
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
  'image-limits': () =>
    table(
      ['an image may have', 'at most'],
      Object.entries({
        pixels: LIMITS.imagePixels,
        'pixels of width or height': MAX_SIDE_PIXELS,
        'scans, if it is a JPEG': MAX_SCANS,
        'bytes of compressed text, if it is a PNG': MAX_TEXT_BYTES,
        'groups of Huffman codes, if it is a lossless WebP': MAX_GROUPS,
      }).map(([what, most]) => [what, most.toLocaleString('en')]),
    ),
  headlines: () =>
    HEADLINES.map(([chart, page]) => {
      const claim = titleOf(readFileSync(join(ROOT, 'docs', chart), 'utf8'));
      return `- ${claim}: [how it was measured](docs/${page}).`;
    }).join('\n'),
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
  errors: () =>
    table(
      ['status', 'code', 'meaning'],
      Object.entries(ERRORS).map(([name, { status, title }]) => [status, code(name), title]),
    ),
  clients: () =>
    table(
      ['client', 'id', 'cases'],
      Object.entries<Client>(CLIENTS).map(([id, { name, cases }]) => [
        name,
        code(id),
        Object.values(cases).join('; '),
      ]),
    ),
  shapes: () => {
    const rows = SHAPES.map(({ holds, train, evaluate }) => [
      holds,
      outcomeText(train),
      outcomeText(evaluate),
    ]);
    const shares = SPLIT_NAMES.map((split) => `${split} ${Math.round(100 * DEFAULT_SHARES[split])} %`);
    return `${table(['the folder of `--data` holds', '`tandem train`', '`tandem evaluate`'], rows)}

A split by seed gives ${shares.join(', ')} of the different images of each class.`;
  },
  'bases-chart': basesImage,
  bases: basesText,
  faults: () => [faultsTable(), recordedText()].filter((text) => text !== '').join('\n\n'),
  'faults-elsewhere': elsewhereTable,
  'faults-not-survived': () => notSurvivedList(),
  rooms: () => roomsDiagram(''),
  'rooms-of-models': () => roomsDiagram('models/'),
  'rooms-of-service': () => roomsDiagram('service/'),
  walls: roomsTable,
};

/** The parts of a page that a command writes, by the name in their markers. */
type Parts = Readonly<Record<string, () => string>>;

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
