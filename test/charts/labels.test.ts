import { boxAround, freePlace, textBox } from '../../charts/labels';

const place = (name: string, x: number) => ({ name, box: textBox(x, 20, 'label', 12) });

test('a label takes the first place that covers nothing', () => {
  const mark = boxAround(5, 15, 5);
  const places = [place('on the mark', 0), place('beside it', 20), place('farther', 60)] as const;
  expect(freePlace([...places], [mark]).name).toBe('beside it');
  expect(freePlace([...places], [mark, places[1].box]).name).toBe('farther');
});

test('where every place covers something, a label takes the one that covers least', () => {
  const marks = [boxAround(5, 15, 5), boxAround(21, 15, 2)];
  expect(freePlace([place('more', 0), place('less', 20)], marks).name).toBe('less');
});

test('text that ends at a point is as wide as text that starts there', () => {
  const [start, end] = [textBox(50, 20, 'label', 11), textBox(50, 20, 'label', 11, true)];
  expect(end.right).toBe(50);
  expect(end.right - end.left).toBeCloseTo(start.right - start.left, 9);
});
