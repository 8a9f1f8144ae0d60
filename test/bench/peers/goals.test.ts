import { bestFp32Peer, goalCount, goalRows, GOALS, verdict } from '../../../bench/peers/goals';
import type { PlannedVisit } from '../../../bench/peers/plan';
import { evenCpuMs, syntheticDocument } from './synthetic-document';

/** Verdicts by the goal's text. */
const verdicts = (document: ReturnType<typeof syntheticDocument>) =>
  new Map(goalRows(document).map(([text, , measured, verdict]) => [text!, [measured!, verdict!] as const]));

const faster =
  (factor: number) =>
  (planned: PlannedVisit): number =>
    evenCpuMs(planned) / (planned.server === 'tandem' ? factor : 1);

test('every goal is measured in the full form', () => {
  const { met, undecided, measured } = goalCount(syntheticDocument());
  expect(measured).toBe(GOALS.length);
  // Both of CPU time around the engine: the first round was disturbed.
  expect(undecided).toBe(2);
  expect(met).toBeLessThan(measured - undecided);
});

test('a goal of a ratio is judged within each round, so that a disturbed round does not count', () => {
  const goal = 'MobileNetV2 at fp32: rate over that of FastAPI with onnxruntime';
  expect(verdicts(syntheticDocument(faster(1.06))).get(goal)).toEqual(['1.06 ×', '**met**']);
  expect(verdicts(syntheticDocument(faster(1))).get(goal)).toEqual(['1 ×', 'missed: 4.76 % too low']);
});

test('a bound that the range of the rounds holds is neither met nor missed', () => {
  expect(verdict({ atLeast: 2 }, [1.69, 2.36])).toBe('cannot tell');
  expect(verdict({ atMost: 2 }, [1, 2, 3])).toBe('cannot tell');
  expect(verdict({ atLeast: 2 }, [2, 2.36])).toBe('**met**');
  expect(verdict({ atLeast: 2 }, [1.5, 1.7])).toBe('missed: 20 % too low');
});

test('an upper bound is met from below', () => {
  expect(verdict({ atMost: 2 }, [1, 2])).toBe('**met**');
  expect(verdict({ atMost: 2 }, [2.2])).toBe('missed: 10 % too high');
  expect(verdict({ atLeast: 1 }, [0.99999])).toBe('missed: less than 0.1 % too low');
  expect(verdict({ atLeast: 1 }, [])).toBe('not measured');
});

test('CPU time around the engine is that of the answer less that of the engine alone', () => {
  const goal = 'MobileNetV2 at fp32: CPU time around the engine, per image of 320x240';
  // 15 ms in the disturbed round and 10 ms in the others, 8 ms of them in the engine.
  expect(verdicts(syntheticDocument()).get(goal)).toEqual(['2 (2–7) ms', 'cannot tell']);
});

test('two cores are compared with FastAPI’s better setting', () => {
  const document = syntheticDocument((planned) => {
    const isSideBySide = planned.server === 'fastapi' && planned.setting.processes === 2;
    return evenCpuMs(planned) / (isSideBySide ? 2 : 1);
  });
  const goal = 'MobileNetV2 at fp32, two cores: rate over that of FastAPI’s best setting';
  expect(verdicts(document).get(goal)![0]).toBe('0.5 ×');
});

test('OpenVINO as it comes is a float32 peer only where the CPU has no bfloat16', () => {
  const document = syntheticDocument(
    (planned) => evenCpuMs(planned) / (planned.server === 'openvino' ? 2 : 1),
  );
  expect(bestFp32Peer(document, 'accuracy')).toBe('openvino');
  expect(bestFp32Peer({ ...document, hasBfloat16: true }, 'accuracy')).not.toBe('openvino');
  expect(bestFp32Peer({ ...document, visits: [] }, 'accuracy')).toBeUndefined();
});

test('what was not measured is neither met nor missed', () => {
  const document = { ...syntheticDocument(), visits: [], engines: [] };
  expect(goalCount(document)).toEqual({ met: 0, undecided: 0, measured: 0 });
  expect(new Set(goalRows(document).map(([, , measured]) => measured))).toEqual(new Set(['–']));
});
