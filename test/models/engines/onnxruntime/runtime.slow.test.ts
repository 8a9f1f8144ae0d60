import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A graph that gives back its input: one Identity on float32 [1]. */
const SCRIPT = `
  const { encodeModel } = require('./models/onnx/proto.ts');
  const { openSession } = require('./models/engines/onnxruntime/session.ts');
  const value = (name) => ({ name, dims: [1] });
  const nodes = [{ op: 'Identity', inputs: ['x'], output: 'y' }];
  const graph = encodeModel({ name: 'echo', nodes, initializers: [], input: value('x'), outputs: [value('y')] });
  openSession(graph, 1).then((session) => session.release()).then(() => console.log('opened'));`;

test('onnxruntime leaves no device id in the home folder: its telemetry is off', () => {
  const home = mkdtempSync(join(tmpdir(), 'tandem-home-'));
  const environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], HOME: home };
  const output = execFileSync('node', ['--import', 'tsx', '-e', SCRIPT], {
    cwd: join(__dirname, '../../../..'),
    env: environment,
    encoding: 'utf8',
  });
  expect(output).toBe('opened\n');
  expect(readdirSync(home)).toEqual([]);
});
