import { variantName } from '../../cli/fit-values';

test('a name of a variant is read as it is', () => {
  expect(variantName('latency-hpa')).toBe('latency-hpa');
});

test('anything else is refused with the names, what fit takes and the nearest thing that it can do', () => {
  const read = () => variantName('my photos');
  expect(read).toThrow(/^It must be one of accuracy-single-pod, .*: fit places the pods of a variant/);
  expect(read).toThrow(
    /reads no images or models\..* write --file 'my photos'\. A model of your own runs in/,
  );
});
