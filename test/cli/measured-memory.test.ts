import { measuredMemory } from '../../cli/measured-memory';
import { memoryLine } from '../../infra/fit/fit-text';
import { parseMemoryBytes } from '../../infra/quantity';
import { VARIANTS } from '../../infra/variants';

test('for each variant it is known what memory real pods used, and that is within the request', () => {
  const measured = measuredMemory();
  for (const { model, resources } of VARIANTS) {
    expect(measured.get(model)).toBeGreaterThan(50e6);
    expect(measured.get(model)).toBeLessThan(parseMemoryBytes(resources.requests.memory));
  }
});

test('nothing is known of the memory of your own model', () => {
  expect([...measuredMemory({ latency: 'flowers' }).keys()]).toEqual(['accuracy']);
});

test('fit compares the measured memory with the request', () => {
  expect(memoryLine({ cpu: '1', memory: '1Gi' }, 256 * 2 ** 20)).toBe(
    '  measured: no pod used more than 256Mi of memory, 25 % of its request (docs/experiment.md)',
  );
});
