import { countReporter } from '../../../models/evaluation/count-progress';
import { formatBar } from '../../../models/training/progress';

/** Two steps of four pictures; returns what was written. */
function run(isTerminal: boolean, pictureMs: number, columns = 80): string[] {
  const written: string[] = [];
  let now = 10_000;
  const { onCount, note } = countReporter({
    isTerminal,
    stream: { write: (text) => written.push(text), columns },
    nowMs: () => now,
  });
  for (const step of ['reading', 'measuring']) {
    for (let done = 1; done <= 4; done++) {
      onCount(step, done, 4);
      now += pictureMs;
      if (step === 'reading' && done === 2) note('skipped a/cut.jpg');
    }
  }
  return written;
}

const REDRAW = '\r\x1b[K';

test('on a terminal a bar fills in place, and a note wipes it', () => {
  expect(run(true, 2000).slice(0, 7)).toEqual([
    `${REDRAW}reading 1/4 ${formatBar(1, 4, 20)}`,
    `${REDRAW}reading 2/4 ${formatBar(2, 4, 20)} ETA 4s`,
    `${REDRAW}skipped a/cut.jpg\n`,
    `${REDRAW}reading 3/4 ${formatBar(3, 4, 20)} ETA 2s`,
    `${REDRAW}reading 4/4 ${formatBar(4, 4, 20)} 6s\n`,
    `${REDRAW}measuring 1/4 ${formatBar(1, 4, 20)}`,
    `${REDRAW}measuring 2/4 ${formatBar(2, 4, 20)} ETA 4s`,
  ]);
  expect(run(true, 10).filter((text) => text.includes('reading'))).toHaveLength(2);
  expect(run(true, 2000, 0)).toEqual(run(true, 2000, 80));
  expect(run(true, 2000, 12)[1]).toBe(`${REDRAW}reading 2/4`);
});

test('elsewhere a long step says once a minute how far it is', () => {
  expect(run(false, 2000)).toEqual(['skipped a/cut.jpg\n']);
  expect(run(false, 40_000)).toEqual([
    'skipped a/cut.jpg\n',
    'reading 3/4 ETA 40s\n',
    'measuring 3/4 ETA 40s\n',
  ]);
});
