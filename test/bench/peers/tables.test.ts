import { digits, spread } from '../../../bench/peers/figures';
import {
  bestTable,
  engineTable,
  NO_DATA,
  serversTable,
  setupText,
  skippedList,
} from '../../../bench/peers/tables';
import { evenCpuMs, syntheticDocument } from './synthetic-document';

const document = syntheticDocument();
const cells = (table: string, start: string) =>
  table
    .split('\n')
    .filter((line) => line.startsWith(`| ${start} |`))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    );

test('a spread has the median with its range, or one number where both look alike', () => {
  expect(spread([3, 1, 2])).toBe('2 (1–3)');
  expect(spread([1, 2])).toBe('1.5 (1–2)');
  expect(spread([2.001, 2])).toBe('2');
  expect(spread([])).toBe('–');
  expect([0.0123, 1.234, 99.9, 123.4].map(digits)).toEqual(['0.0123', '1.23', '99.9', '123']);
});

test('the table of one core has a row per server and precision, the fastest first', () => {
  const fast = syntheticDocument((planned) => evenCpuMs(planned) / (planned.server === 'floor' ? 2 : 1));
  const table = serversTable(fast, 'latency', 1000);
  expect(table.split('\n')[2]).toMatch(/^\| bare Node server \| fp32 \| 200 \(133–200\) \| 0\.50 /);
  expect(cells(table, '**Tandem**').map((row) => row.slice(1, 5))).toEqual([
    ['fp32', '100 (66.7–100)', '1', '10 (10–15)'],
    ['int8', '200 (133–200)', '1', '5 (5–7.5)'],
  ]);
});

test('a column that was measured for no row is left out', () => {
  expect(serversTable(document, 'latency', 1000)).toContain('one megapixel');
  expect(serversTable(document, 'accuracy', 1000)).not.toContain('one megapixel');
  expect(serversTable(document, 'latency', 500)).not.toContain('one client');
});

test('a percentile stands only where every round has the answers that bench load asks for', () => {
  const withAnswers = (images: number, round: number) => ({
    ...document,
    visits: document.visits.map((visit) => ({
      ...visit,
      loads: visit.loads.map((load) =>
        load.clients === 1 && visit.round === round ? { ...load, images } : load,
      ),
    })),
  });
  const headOf = (images: number, round: number) =>
    serversTable(withAnswers(images, round), 'latency', 1000).split('\n')[0]!;
  expect(headOf(44, 2)).toMatch(/one client, p50 ms \| one client, p90 ms/);
  // Of fewer than ten, p90 would be the slowest answer.
  for (const images of [8, 43]) {
    expect(headOf(images, 2)).toContain('one client, p50 ms');
    expect(headOf(images, 2)).not.toContain('p90');
  }
  expect(headOf(6, 2)).not.toContain('p50');
});

test('on two cores each setting of a server has its row', () => {
  const settings = cells(serversTable(document, 'latency', 2000), 'FastAPI, onnxruntime').map(
    (row) => row[2],
  );
  expect(settings.sort()).toEqual(['1 × 2', '1 × 2', '2 × 1', '2 × 1']);
});

test('at its best each server has its fastest precision', () => {
  expect(cells(bestTable(document), '**Tandem**')[0]!.slice(1)).toEqual([
    '20 (int8)',
    '200 (int8)',
    '40 (int8)',
    '400 (int8)',
  ]);
  expect(cells(bestTable(document), 'LitServe, onnxruntime')[0]![2]).toBe('100 (fp32); 2.00 ×');
});

test('the engine is compared with the peak of the core', () => {
  expect(cells(engineTable(document), 'MobileNetV2')[0]).toEqual([
    ...['MobileNetV2', 'fp32', '300', '8', '75', '75.0 %'],
  ]);
  expect(cells(engineTable({ ...document, peakGflops: [] }), 'MobileNetV2')[0]![5]).toBe('–');
});

test('the setup says whether the form was short, and how busy the load generator was', () => {
  expect(setupText({ ...document, form: 'quick' })).toContain('3 rounds of the quick form');
  expect(setupText(document)).toContain('at most 10.0 % of a core');
});

test('what was skipped is named with its reason; without data every table says what to run', () => {
  expect(skippedList(document)).toBe('- Express, tfjs-node: tfjs-node is not built');
  const empty = { ...document, visits: [], engines: [], skipped: [] };
  expect(skippedList(empty)).toBe('Nothing was left out.');
  for (const text of [serversTable(empty, 'latency', 1000), bestTable(empty), engineTable(empty)])
    expect(text).toBe(NO_DATA);
});
