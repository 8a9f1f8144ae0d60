/** The tables of docs/performance.md. Pure. */
import { table } from '../../charts/markdown';
import { percent } from '../../charts/percent';
import { MODEL_IDS, type ModelId } from '../../models/catalog';
import { PRECISIONS } from '../../models/engines/engine';
import type { Parallelism } from '../../service/inference/parallelism';
import { medianOf } from '../../statistics/median';
import { grouped, modelName, plural } from '../evidence/words';
import {
  byRound,
  type Choice,
  digits,
  type Figure,
  NONE,
  ratios,
  settingsOf,
  settingText,
  spread,
  visitsOf,
} from './figures';
import { goalRows } from './goals';
import type { PeersDocument } from './peers-document';
import { ONE_CORE_MILLIS, TWO_CORES_MILLIS } from './plan';
import { SERVER_NAMES, serverOf } from './servers';

/** What stands where no data is. */
export const NO_DATA = 'There is no data yet: run `npm run bench:peers`, then `npm run bench:peers:charts`.';

const ratio = (value: number) => value.toFixed(2);

/** Every server, precision and setting of a model under a limit, each precision by rate. */
export function choicesOf(document: PeersDocument, model: ModelId, limitMillis: number): Choice[] {
  return PRECISIONS.flatMap((precision) => {
    const choices = SERVER_NAMES.flatMap((server) => {
      const choice = { server, model, precision, limitMillis };
      return settingsOf(document, choice).map((setting) => ({ ...choice, setting }));
    });
    const rate = (choice: Choice) => medianOf([...byRound(document, choice, 'perSecond').values()]);
    return choices.sort((a, b) => rate(b) - rate(a));
  });
}

/** Tandem's figure as a multiple of a server's, at the same precision and limit and with its own setting. */
const tandemRatio = (document: PeersDocument, choice: Choice, figure: Figure): number[] =>
  ratios(
    byRound(document, { ...choice, server: 'tandem', setting: {} }, figure),
    byRound(document, choice, figure),
  );

const nameOf = ({ server }: Choice) => (server === 'tandem' ? '**Tandem**' : serverOf(server!).title);

/** One model under one limit. */
export function serversTable(document: PeersDocument, model: ModelId, limitMillis: number): string {
  const choices = choicesOf(document, model, limitMillis);
  if (choices.length === 0) return NO_DATA;
  const hasSettings = new Set(choices.map(({ setting }) => settingText(setting as Parallelism))).size > 1;
  const values = (choice: Choice, figure: Figure) => [...byRound(document, choice, figure).values()];
  const middle = (choice: Choice, figure: Figure) => {
    const all = values(choice, figure);
    // A median of some rounds alone would stand beside medians of all.
    const isWhole = all.length === visitsOf(document, choice).length;
    return isWhole && all.length > 0 ? digits(medianOf(all)) : NONE;
  };
  const columns: [head: string, cell: (choice: Choice) => string][] = [
    ['server', nameOf],
    ['precision', ({ precision }) => precision!],
    ['processes × threads', ({ setting }) => (hasSettings ? settingText(setting as Parallelism) : NONE)],
    ['images/s', (choice) => spread(values(choice, 'perSecond'))],
    [
      'Tandem’s multiple',
      (choice) =>
        choice.server === 'tandem' ? '1' : spread(tandemRatio(document, choice, 'perSecond'), ratio),
    ],
    ['CPU ms per image', (choice) => spread(values(choice, 'cpuMs'))],
    ['one client, p50 ms', (choice) => middle(choice, 'p50Ms')],
    ['one client, p90 ms', (choice) => middle(choice, 'p90Ms')],
    ['one megapixel, images/s', (choice) => spread(values(choice, 'largePerSecond'))],
    ['ready s', (choice) => middle(choice, 'readySeconds')],
    ['PSS MiB', (choice) => middle(choice, 'pssMebibytes')],
  ];
  const isEmpty = (cell: (choice: Choice) => string) => choices.every((choice) => cell(choice) === NONE);
  const shown = columns.filter(([, cell]) => !isEmpty(cell));
  return table(
    shown.map(([head]) => head),
    choices.map((choice) => shown.map(([, cell]) => cell(choice))),
  );
}

/** Every server at the precision and the setting that suit it best, with Tandem's best as a multiple of it. */
export function bestTable(document: PeersDocument): string {
  const limits = [ONE_CORE_MILLIS, TWO_CORES_MILLIS];
  const best = (model: ModelId, limitMillis: number, server: Choice['server']) => {
    const rate = (choice: Choice) => medianOf([...byRound(document, choice, 'perSecond').values()]);
    return choicesOf(document, model, limitMillis)
      .filter((choice) => choice.server === server)
      .sort((a, b) => rate(b) - rate(a))[0];
  };
  const places = limits.flatMap((limitMillis) => MODEL_IDS.map((model) => ({ limitMillis, model })));
  const rows = SERVER_NAMES.filter((server) => visitsOf(document, { server }).length > 0).map((server) => [
    nameOf({ server }),
    ...places.map(({ model, limitMillis }) => {
      const [theirs, ours] = [best(model, limitMillis, server), best(model, limitMillis, 'tandem')];
      if (theirs === undefined) return NONE;
      const rates = byRound(document, theirs, 'perSecond');
      const cell = `${digits(medianOf([...rates.values()]))} (${theirs.precision!})`;
      if (server === 'tandem' || ours === undefined) return cell;
      return `${cell}; ${spread(ratios(byRound(document, ours, 'perSecond'), rates), ratio)} ×`;
    }),
  ]);
  if (rows.length === 0) return NO_DATA;
  const cores = (limitMillis: number) => plural(limitMillis / 1000, 'core');
  return table(
    ['server', ...places.map(({ model, limitMillis }) => `${modelName(model)}, ${cores(limitMillis)}`)],
    rows,
  );
}

/** Each goal and its verdict. */
export const goalsTable = (document: PeersDocument): string =>
  table(['goal', 'bound', 'measured', 'verdict'], goalRows(document));

/** The engine alone beside the peak of the core. */
export function engineTable(document: PeersDocument): string {
  const peak = medianOf(document.peakGflops);
  const rows = MODEL_IDS.flatMap((model) =>
    PRECISIONS.flatMap((precision) => {
      const engines = document.engines.filter((each) => each.model === model && each.precision === precision);
      if (engines.length === 0) return [];
      // CPU time: what else the machine does changes it least.
      const rates = engines.map(({ cpuMs }) => (2e-6 * document.multiplyAdds[model]) / cpuMs);
      return [
        [
          modelName(model),
          precision,
          grouped(Math.round(document.multiplyAdds[model] / 1e6)),
          spread(engines.map(({ cpuMs }) => cpuMs)),
          spread(rates),
          document.peakGflops.length === 0 ? NONE : percent(medianOf(rates) / peak),
        ],
      ];
    }),
  );
  if (rows.length === 0) return NO_DATA;
  return table(
    ['model', 'precision', 'million multiply-adds', 'CPU ms per image', 'GFLOP/s', 'of the peak in float32'],
    rows,
  );
}

/** The machine, the code and the images, in sentences. */
export function setupText(document: PeersDocument): string {
  const { machine, images, peakGflops, hasBfloat16, form, rounds, commit, startedAt } = document;
  const mebibytes = Math.round(machine.memoryBytes / 2 ** 20);
  const size = (name: 'small' | 'large') => {
    const { widthPixels, heightPixels, bytes } = images[name];
    return `${widthPixels}x${heightPixels} (${grouped(Math.round(medianOf(bytes) / 1000))} kB)`;
  };
  const clients = Math.max(
    ...document.visits.flatMap(({ loads }) => loads.map((load) => load.clientCpuShare)),
  );
  const answers = document.visits.flatMap(({ loads }) => loads).reduce((sum, load) => sum + load.images, 0);
  return [
    `- Measured on ${startedAt.slice(0, 10)} at commit \`${commit.slice(0, 12)}\`: ${plural(rounds, 'round')} of the ${form} form, ${grouped(answers)} answers, all checked.`,
    `- Machine: ${plural(machine.cores, 'core')} of ${machine.cpuModel}, ${grouped(mebibytes)} MiB, Node ${machine.nodeVersion}; ${hasBfloat16 ? 'with' : 'without'} bfloat16.`,
    `- Images: the demo's samples as JPEG files of ${size('small')} and ${size('large')}.`,
    `- Peak of one core in float32: ${peakGflops.length === 0 ? 'not measured, without a C compiler' : `${spread(peakGflops)} GFLOP/s`}.`,
    `- The load generator used at most ${percent(clients)} of a core.`,
  ].join('\n');
}

/** How each server was started, and its packages. */
export const settingsTable = (document: PeersDocument): string =>
  table(
    ['server', 'setting', 'packages'],
    SERVER_NAMES.map((name) => {
      const { title, setup, source } = serverOf(name);
      const setting = source === undefined ? setup : `${setup} ([manual](${source}))`;
      return [title, setting, document.packages[name]];
    }),
  );

/** What was not measured, and why. */
export function skippedList({ skipped }: PeersDocument): string {
  if (skipped.length === 0) return 'Nothing was left out.';
  return skipped.map(({ what, why }) => `- ${what}: ${why.replaceAll('\n', ' ')}`).join('\n');
}
