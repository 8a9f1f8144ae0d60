import {
  formatBar,
  formatEpochLine,
  formatEpochLines,
  formatSeconds,
  formatStepLine,
  formatStepTime,
  type ProgressOptions,
  progressReporter,
} from '../../cli/progress';

const STEP = { stage: 'head', epoch: 3, step: 12, steps: 56, loss: 0.83, accuracy: 0.71 } as const;
const EPOCH = {
  stage: 'head',
  epoch: 3,
  loss: 0.83,
  accuracy: 0.71,
  valLoss: 0.7,
  valAccuracy: 0.75,
  learningRate: 0.01,
  seconds: 14,
} as const;

type Kind = Pick<ProgressOptions, 'isTerminal' | 'json'>;

/** A reporter whose clock moves only with `wait`, and the text that it writes. */
function recordedReporter(kind: Kind, columns?: number) {
  const written: string[] = [];
  let nowMs = 10_000;
  const reporter = progressReporter({
    ...kind,
    stream: { write: (text) => written.push(text), ...(columns === undefined ? {} : { columns }) },
    epochs: { head: 2, fineTune: 0 },
    nowMs: () => nowMs,
  });
  return { ...reporter, written, wait: (ms: number) => void (nowMs += ms) };
}

/** Runs two epochs of four steps of half a second; returns what was written. */
function run(kind: Kind, stepMs = 500, columns?: number): string[] {
  const { onStep, onEpoch, written, wait } = recordedReporter(kind, columns);
  for (const epoch of [1, 2]) {
    for (let step = 1; step <= 4; step++) {
      onStep({ ...STEP, epoch, step, steps: 4 });
      wait(stepMs);
    }
    onEpoch({ ...EPOCH, epoch, seconds: (4 * stepMs) / 1000 });
  }
  return written;
}

test('durations are printed as in Keras', () => {
  expect([0, 14, 59.6, 125, 3725].map(formatSeconds)).toEqual(['0s', '14s', '1:00', '2:05', '1:02:05']);
  expect([2.4, 0.25, 0.0004].map(formatStepTime)).toEqual(['2s/step', '250ms/step', '400us/step']);
});

test('the line of an epoch reads as in Keras', () => {
  expect(formatEpochLine(EPOCH, 56)).toBe(
    '56/56 ━━━━━━━━━━━━━━━━━━━━ 14s 250ms/step - accuracy: 0.7100 - loss: 0.8300 - val_accuracy: 0.7500 - val_loss: 0.7000',
  );
  const { stage, epoch, accuracy, learningRate, seconds } = EPOCH;
  expect(formatEpochLine({ stage, epoch, accuracy, learningRate, seconds, loss: NaN }, 56, 0)).toBe(
    '56/56 14s 250ms/step - accuracy: 0.7100 - loss: NaN',
  );
});

test('the line of a complete epoch fits the terminal, if need be on two lines', () => {
  expect(formatEpochLines(EPOCH, 56, 120)).toEqual([formatEpochLine(EPOCH, 56)]);
  for (const steps of [4, 56, 1234]) {
    const lines = formatEpochLines({ ...EPOCH, seconds: 3725 }, steps, 80);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  }
  expect(formatEpochLines(EPOCH, 56, 80)).toEqual([
    `56/56 ${formatBar(1, 1, 20)} 14s 250ms/step - accuracy: 0.7100 - loss: 0.8300`,
    '      val_accuracy: 0.7500 - val_loss: 0.7000',
  ]);
  expect(formatEpochLines(EPOCH, 56, 60)[0]).toBe(
    `56/56 ${formatBar(1, 1, 5)} 14s 250ms/step - accuracy: 0.7100 - loss: 0.8300`,
  );
  const { valAccuracy, valLoss, ...training } = EPOCH;
  expect([valAccuracy, valLoss]).toEqual([0.75, 0.7]);
  expect(formatEpochLines(training, 56, 60)).toHaveLength(1);
});

test('the line of a running epoch shows the time left and never wraps', () => {
  const line = ' ETA 11s 250ms/step - accuracy: 0.7100 - loss: 0.8300';
  expect(formatStepLine(STEP, 0.25)).toBe(`12/56${line}`);
  expect(formatStepLine(STEP, 0.25, 120)).toBe(`12/56 ${formatBar(12, 56, 20)}${line}`);
  expect(formatStepLine({ ...STEP, step: 3 }, undefined, 120)).toBe(
    ` 3/56 ${formatBar(3, 56, 20)} accuracy: 0.7100 - loss: 0.8300`,
  );
  for (let columns = 1; columns < 120; columns++) {
    expect(formatStepLine(STEP, 0.25, columns).length).toBeLessThan(columns);
  }
});

test('the bar fills from empty to full', () => {
  expect([0, 2, 4].map((step) => formatBar(step, 4, 4))).toEqual(['────', '━━──', '━━━━']);
});

test('a terminal shows a heading and redraws one line below it', () => {
  const written = run({ isTerminal: true, json: false });
  const figures = 'accuracy: 0.7100 - loss: 0.8300';
  const redraw = '\r\x1b[K';
  expect(written.slice(0, 7)).toEqual([
    'Epoch 1/2 (head)\n',
    `${redraw}1/4 ${formatBar(1, 4, 20)} ${figures}`,
    `${redraw}2/4 ${formatBar(2, 4, 20)} ETA 1s 500ms/step - ${figures}`,
    `${redraw}3/4 ${formatBar(3, 4, 20)} ETA 1s 500ms/step - ${figures}`,
    `${redraw}4/4 ${formatBar(4, 4, 20)} ETA 0s 500ms/step - ${figures}`,
    `${redraw}4/4 ${formatBar(4, 4, 20)} 2s 500ms/step - ${figures}\n    val_accuracy: 0.7500 - val_loss: 0.7000\n`,
    `Epoch 2/2 (head)  ${formatBar(1, 2, 20)} 1/2 epochs, about 2s left\n`,
  ]);
});

test('a terminal is not redrawn more than ten times a second', () => {
  const redraws = run({ isTerminal: true, json: false }, 50).filter((text) => /ETA|accuracy/.test(text));
  expect(redraws).toHaveLength(6);
});

test('without a terminal, each epoch prints one line, and a long one adds one per minute', () => {
  expect(run({ isTerminal: false, json: false })).toEqual([
    'Epoch 1/2 (head) 4/4 2s 500ms/step - accuracy: 0.7100 - loss: 0.8300 - val_accuracy: 0.7500 - val_loss: 0.7000 - 1/2 epochs, about 2s left\n',
    'Epoch 2/2 (head) 4/4 2s 500ms/step - accuracy: 0.7100 - loss: 0.8300 - val_accuracy: 0.7500 - val_loss: 0.7000 - 2/2 epochs, about 0s left\n',
  ]);
  expect(run({ isTerminal: false, json: false }, 40_000).slice(0, 2)).toEqual([
    'Epoch 1/2 (head) 3/4 ETA 40s 40s/step - accuracy: 0.7100 - loss: 0.8300\n',
    expect.stringMatching(/^Epoch 1\/2 \(head\) 4\/4 2:40 40s\/step/),
  ]);
});

test('as JSON, each line is an object with an event', () => {
  const lines = run({ isTerminal: true, json: true }, 40_000).map((text) => JSON.parse(text) as object);
  expect(lines.slice(0, 3)).toEqual([
    { event: 'step', ...STEP, epoch: 1, step: 3, steps: 4, epochs: 2 },
    { event: 'epoch', ...EPOCH, epoch: 1, seconds: 160, epochs: 2, secondsLeft: 160 },
    { event: 'step', ...STEP, epoch: 2, step: 3, steps: 4, epochs: 2 },
  ]);
});

test('a note gets its own line', () => {
  const written: string[] = [];
  const stream = { write: (text: string) => written.push(text) };
  const epochs = { head: 2, fineTune: 0 };
  const terminal = progressReporter({ isTerminal: true, json: false, stream, epochs });
  terminal.note('Going on after epoch 1.');
  terminal.onStep({ ...STEP, step: 1, steps: 4 });
  terminal.note('Saved.');
  progressReporter({ isTerminal: false, json: true, stream, epochs }).note('Saved.');
  progressReporter({ isTerminal: false, json: true, stream, epochs }).onEpoch({ ...EPOCH, loss: Infinity });
  expect(written[5]).toContain('"loss":"Infinity"');
  expect([written[0], written[3], written[4]]).toEqual([
    'Going on after epoch 1.\n',
    '\r\x1b[KSaved.\n',
    '{"event":"note","sentence":"Saved."}\n',
  ]);
});

describe('reading images', () => {
  /** Reads four images, each in the given number of milliseconds, with a note before the last. */
  function read(kind: Kind, imageMs: number, columns?: number) {
    const { onCount, note, written, wait } = recordedReporter(kind, columns);
    for (let done = 1; done <= 4; done++) {
      if (done === 4) note('skipped one');
      onCount({ task: 'reading', done, total: 4 });
      wait(imageMs);
    }
    note('read all');
    return written;
  }
  const redraw = '\r\x1b[K';

  test('shows a bar on a terminal, and a note gets its own line', () => {
    expect(read({ isTerminal: true, json: false }, 1000)).toEqual([
      `${redraw}reading 1/4 ${formatBar(1, 4, 20)} 0s`,
      `${redraw}reading 2/4 ${formatBar(2, 4, 20)} 1s`,
      `${redraw}reading 3/4 ${formatBar(3, 4, 20)} 2s`,
      `${redraw}skipped one\n`,
      `${redraw}reading 4/4 ${formatBar(4, 4, 20)} 3s\n`,
      'read all\n',
    ]);
    const narrow = read({ isTerminal: true, json: false }, 1000, 12);
    expect(narrow[0]).toBe(`${redraw}reading 1/4`);
  });

  test('prints one line per minute without a terminal, or one event as JSON', () => {
    const end = ['skipped one\n', 'reading 4/4 2:00\n', 'read all\n'];
    expect(read({ isTerminal: false, json: false }, 40_000)).toEqual(['reading 3/4 1:20\n', ...end]);
    const events = read({ isTerminal: false, json: true }, 40_000).map((text) => JSON.parse(text) as object);
    expect(events[0]).toEqual({ event: 'count', task: 'reading', done: 3, total: 4 });
    expect(events[2]).toEqual({ event: 'count', task: 'reading', done: 4, total: 4 });
  });
});

test('a terminal that reports 0 columns is treated as 80 wide', () => {
  const options = { isTerminal: true, json: false };
  expect(run(options, 500, 0)).toEqual(run(options));
});
