import { NEVER_MET } from '../../../bench/load/capacity';
import { exitCodeOf } from '../../../cli/bench/capacity';

test.each([
  ['a rate passed', 12, 'the interval is narrow enough', 0],
  ['a rate passed before the generator was too slow', 12, '3 INVALID probes in a row', 0],
  ['no rate meets the objective', 0, NEVER_MET, 1],
  ['every probe was INVALID', 0, '3 INVALID probes in a row', 2],
  ['every probe was too short', 0, '30 probes were made', 2],
])('the exit code of a search where %s', (_, lowPerSecond, ended, code) => {
  expect(exitCodeOf({ lowPerSecond, ended })).toBe(code);
});
