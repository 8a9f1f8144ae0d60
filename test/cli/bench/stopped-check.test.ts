import { addBenchCommand } from '../../../cli/bench/bench';
import { runCommand } from '../run-command';

jest.mock('../../../bench/load/check-target', () => ({
  checkTarget: () => Promise.resolve(!process.emit('SIGINT')),
}));

test.each([
  ['load', '--load', 'poisson:5:1s'],
  ['capacity', '--slo', 'p95=100ms'],
  ['latency', '--duration', '1s'],
])('Ctrl-C while bench %s checks the server starts no measurement', async (...words) => {
  const { stdout, stderr, exitCode } = await runCommand(addBenchCommand, [
    ...['bench', ...words, '--url', 'http://127.0.0.1:1'],
  ]);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/\nstopped before the (load|first probe)$/);
  expect(exitCode).toBe(130);
});
