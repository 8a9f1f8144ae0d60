import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { variantName } from '../../cli/fit-values';

test('a name of a variant is read as it is', () => {
  expect(variantName('latency-hpa')).toBe('latency-hpa');
});

test('anything else is refused with the names and what fit takes', () => {
  const read = () => variantName('my photos');
  expect(read).toThrow(/^It must be one of accuracy-single-pod, .*: fit places the pods of a variant/);
  // No such file is here, so that --file would be refused too.
  expect(read).toThrow(/reads no images or models\. A model of your own runs in/);
});

test('a path that exists may hold manifests, which --file takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'my manifests-'));
  try {
    expect(() => variantName(folder)).toThrow(
      `For the pods of manifests, write --file '${folder}'. A model of your own runs in`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a model of the reference is answered with its variants', () => {
  const read = () => variantName('latency');
  expect(read).toThrow(
    'The variants of the model latency are latency-single-pod, latency-max-size, latency-hpa. A model',
  );
  expect(read).not.toThrow('--file');
});
