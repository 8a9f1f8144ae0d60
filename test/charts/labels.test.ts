import { boxAround, boxesAlong, freePlace, placedLabel, textBox } from '../../charts/labels';

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

test('a line is covered along its whole length, and not where it is interrupted', () => {
  const boxes = boxesAlong([
    [0, 50],
    [100, 50],
    [120, NaN],
    [140, 50],
  ]);
  const isCovered = (x: number) => boxes.some(({ left, right }) => left <= x && right >= x);
  expect([0, 33, 66, 100].map(isCovered)).toEqual([true, true, true, true]);
  expect(isCovered(120)).toBe(false);
});

test('a label stands inside the frame and off what is taken, and the next one off the label', () => {
  const room = {
    frame: { left: 0, right: 200, top: 0, bottom: 100 },
    taken: boxesAlong([
      [10, 20],
      [60, 20],
    ]),
  };
  const places = [10, 30, 190].map((x) => ({ x, y: 24 })).concat([50, 70].map((y) => ({ x: 10, y })));
  const heightOf = (svg: string) => Number(/ y="(\d+)"/.exec(svg)![1]);
  expect([1, 2].map(() => heightOf(placedLabel('label', places, room)))).toEqual([50, 70]);
});
