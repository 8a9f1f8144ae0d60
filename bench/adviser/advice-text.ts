/** The adviser's answer as text for a terminal and as Markdown for a pull request. Pure. */
import { table } from '../../charts/markdown';
import { percent } from '../../charts/percent';
import { formatMemory, parseCpuMillis, parseMemoryBytes } from '../../infra/quantity';
import { type Resources, VARIANTS } from '../../infra/variants';
import { objective, plural } from '../evidence/words';
import { percentileName } from '../load/slo';
import { type Advice, type Excluded, MAX_REPLICAS } from './advise';
import { type Candidate, candidateText, inMebibytes, resourcesOf } from './candidate';
import type { Ideal } from './ideal';
import { type Judgement, judgementText, type Wish } from './judge';
import { CONFIDENCE, lackText } from './bounds';
import { isGood, SHOWN } from './ranking';
import type { Rival } from './rivals';

/** An answer with its comparisons. */
export interface Comparison {
  readonly ideal: Ideal;
  readonly rivals: readonly Rival[];
}

const OUTAGE = 'nothing answers while it restarts or its node is drained';

/** A warning where one pod may be all that there is. */
function redundancyLines({ scaling }: Candidate): string[] {
  if (scaling.kind === 'hpa') {
    return scaling.minReplicas > 1
      ? []
      : [`While the HPA has only one pod, ${OUTAGE}. If that matters, give it a minimum of two.`];
  }
  return scaling.replicas > 1 ? [] : [`One pod has no redundancy: ${OUTAGE}. If that matters, run two.`];
}

const cores = (value: number) => `${value.toFixed(3)} cores`;

/** What the upper bound is made of, or why there is none. */
export function boundText({ bound: { factor, cases }, slo }: Pick<Wish, 'bound' | 'slo'>): string {
  const percentile = percentileName(slo.percentile);
  return factor === undefined
    ? `There is no bound for the error of a predicted ${percentile}: ${lackText(cases, `one at ${percent(CONFIDENCE)}`)}. ` +
        'The upper end of the simulations stands in for it, which promises less. Run "npm run experiments".'
    : `The upper bound is ${Math.max(1, factor).toFixed(2)} times the simulated latency: at ${percent(CONFIDENCE)} confidence a ` +
        `measured ${percentile} stays below it, by how far off the simulation was in ${cases} recorded cases ` +
        '(split conformal prediction: docs/twin.md).';
}

const NO_HPA_CASE =
  'None of these cases is behind an HPA: docs/twin.md#behind-the-hpa says how far off the twin is there.';

/** The same for a deployment: no case is behind an HPA, so that for one the bound promises less. */
const boundTextFor = ({ scaling }: Candidate, wish: Wish) =>
  scaling.kind === 'hpa' ? `${boundText(wish)} ${NO_HPA_CASE}` : boundText(wish);

const excludedText = ({ candidate, reason }: Excluded) => `${candidateText(candidate)}: ${reason}`;

/** A loser: its cost, and the sentence why. */
const loserText = (judgement: Judgement, wish: Wish, best?: Judgement) => {
  const why = isGood(judgement)
    ? `${cores(judgement.coresRequested - (best?.coresRequested ?? 0))} more`
    : judgementText(judgement, wish);
  return `${candidateText(judgement.candidate)}, ${cores(judgement.coresRequested)}: ${why}`;
};

/** Where the figures of the recommended model come from. */
const sourcesOf = ({ candidate: { profile } }: Judgement) => [
  ['CPU time per image', `${profile.cpuMsPerImage.value.toFixed(1)} ms`, profile.cpuMsPerImage.source],
  ['how much that varies (spread)', profile.cpuSpread.value.toFixed(1), profile.cpuSpread.source],
  ['more for an image after a pause', percent(profile.coldShare.value), profile.coldShare.source],
  ['clock time per CPU time', profile.stretch.value.toFixed(2), profile.stretch.source],
  ['CPU without load', `${profile.idleMillis.value.toFixed(1)}m`, profile.idleMillis.source],
  [
    'CPU time until a pod is ready',
    `${(profile.startCpuMs.value / 1000).toFixed(1)} s`,
    profile.startCpuMs.source,
  ],
  ['memory', `${(profile.memoryBytes.value / 1e6).toFixed(0)} MB`, profile.memoryBytes.source],
];

/** `165m CPU, 141Mi memory`. */
function resourceText({ cpu, memory }: Resources['requests']): string {
  const amount = formatMemory(parseMemoryBytes(memory), 'binary');
  return `${cpu} CPU, ${amount}${/^\d+$/.test(amount) ? ' bytes' : ''} memory`;
}

const bullets = (lines: readonly string[]) => lines.map((line) => `- ${line}`);

/** Why `dist/` requests other amounts. */
function referenceText({ candidate: { profile } }: Judgement): string {
  const millis = VARIANTS.filter(({ model }) => model === profile.model).map(({ resources }) =>
    parseCpuMillis(resources.requests.cpu),
  );
  return (
    `The manifests in dist/ request ${Math.min(...millis)}m to ${Math.max(...millis)}m CPU for a pod of this model: they repeat ` +
    'the figures of the reference experiment, which were not chosen for this load (docs/experiment.md).'
  );
}

/** How a tool's request fares. Below their use, pods get their limit only while nothing else wants the CPU. */
function resultText({ passes, coversUse }: Judgement): string {
  if (!passes) return 'misses it';
  return coversUse ? 'meets the objective' : 'meets it only while the nodes have spare CPU';
}

/** The rest of an answer with a recommendation. */
function comparisonLines(advice: Advice, best: Judgement, { ideal, rivals }: Comparison): string[] {
  const { wish } = advice;
  const times = best.coresRequested / ideal.coresRequested;
  return [
    `The least possible: ${cores(ideal.coresRequested)}, if there were at each moment just as many pods as the rate needs, one per ` +
      `${ideal.perPodPerSecond.toFixed(1)} images/s, ready at once, and in each minute enough to cover their CPU use. ` +
      `The recommended deployment requests ${times.toFixed(2)} times as much.`,
    referenceText(best),
    ...rivals.map(
      ({ rule, judgement }) =>
        `${rule.name} (${rule.words}) would request ${judgement.candidate.cpuRequestMillis}m, ${cores(judgement.coresRequested)}, ` +
        `for the same pods: ${resultText(judgement)}, ${judgementText(judgement, wish)}.`,
    ),
  ];
}

/** What may help where nothing is good. */
function remedyText({ isCapped, excluded, tried }: Advice): string {
  const others = 'plan for a part of the load, or relax the objective.';
  if (!isCapped) return 'Add nodes, or relax the objective.';
  if (tried + excluded.length === 0) {
    return `A plan tries at most ${MAX_REPLICAS} pods, too few for this load at any limit: plan for a part of it.`;
  }
  return excluded.length === 0
    ? `A plan tries at most ${MAX_REPLICAS} pods, for which the nodes have room: ${others}`
    : `A plan tries at most ${MAX_REPLICAS} pods. Add nodes for pods with higher limits, ${others}`;
}

/**
 * The whole answer.
 *
 * @param loadText the load as it was asked for
 * @param assumptions sentences about the load and the nodes
 */
export function adviceMarkdown(
  advice: Advice,
  loadText: string,
  comparison?: Comparison,
  assumptions: readonly string[] = [],
): string {
  const { wish, best, cheaper, dearer, nearest, excluded, tried } = advice;
  const asked = `${objective(wish.slo)} under \`${loadText}\` on ${plural(wish.nodes, 'node')}`;
  const failing = cheaper.slice(0, SHOWN).map((each) => loserText(each, wish));
  const near = nearest
    .filter((each) => !cheaper.slice(0, SHOWN).includes(each))
    .map((each) => `The nearest of its model and precision: ${loserText(each, wish)}`);
  if (best === undefined || comparison === undefined) {
    return [
      `# No deployment meets ${asked}`,
      ...(assumptions.length > 0 ? [bullets(assumptions).join('\n')] : []),
      `Simulated: ${plural(tried, 'candidate')}. ${boundText(wish)}`,
      ...(near.length > 0 ? ['The nearest ones:', bullets(near).join('\n')] : []),
      ...(excluded.length > 0
        ? ['Not simulated:', bullets(excluded.slice(0, SHOWN).map(excludedText)).join('\n')]
        : []),
      remedyText(advice),
    ].join('\n\n');
  }
  const { candidate } = best;
  const { requests, limits } = resourcesOf(candidate);
  const { scaling, profile } = candidate;
  const rows: [string, string][] = [
    ['model', `${profile.model} at ${profile.precision}`],
    ['requests', resourceText(requests)],
    ['limits', resourceText(inMebibytes(limits))],
    scaling.kind === 'fixed'
      ? ['replicas', String(scaling.replicas)]
      : [
          'HPA',
          `${scaling.minReplicas} to ${scaling.maxReplicas} replicas, target ${scaling.targetCpuPercent} %`,
        ],
    ['CPU requested on average, simulated', cores(best.coresRequested)],
    ['pods on average, simulated', best.podsOnAverage.toFixed(2)],
    ['latency, simulated', judgementText(best, wish)],
  ];
  const isUseShown = [...cheaper.slice(0, SHOWN), ...nearest].some(({ passes }) => passes);
  const passing = dearer.slice(0, SHOWN).map((each) => loserText(each, wish, best));
  return [
    `# ${asked}`,
    ...(assumptions.length > 0 ? [bullets(assumptions).join('\n')] : []),
    table(['', 'recommended'], rows),
    ...redundancyLines(candidate),
    boundTextFor(candidate, wish),
    ...(failing.length + near.length > 0
      ? [
          `## These miss the objective${isUseShown ? ', or use more CPU than they request' : ''}`,
          bullets([...failing, ...near]).join('\n'),
        ]
      : []),
    ...(passing.length > 0 ? ['## These meet it, and request more CPU', bullets(passing).join('\n')] : []),
    ...(excluded.length > 0
      ? ['## Not simulated', bullets(excluded.slice(0, SHOWN).map(excludedText)).join('\n')]
      : []),
    '## For comparison',
    bullets(comparisonLines(advice, best, comparison)).join('\n'),
    '## Where the figures come from',
    `Measured on ${profile.machine}; all else on this page is simulated from it.`,
    table(['figure', 'value', 'from the runs'], sourcesOf(best)),
  ].join('\n\n');
}

const cellsOf = (row: string) => row.replace(/^\| ?| ?\|$/g, '').split(' | ');

/** Rows of a Markdown table in columns that are as wide as their longest cell. */
function alignedRows(rows: readonly string[]): string[] {
  const cells = rows.map(cellsOf);
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd(),
  );
}

/** The same for a terminal: without Markdown's marks, tables in columns. */
export function plainText(markdown: string): string {
  return markdown
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n').filter((line) => !/^\|( ?-+ ?\|)+$/.test(line));
      return lines[0]!.startsWith('|')
        ? alignedRows(lines).join('\n')
        : lines.map((line) => line.replace(/^#+ /, '')).join('\n');
    })
    .join('\n\n')
    .replaceAll('`', '');
}
