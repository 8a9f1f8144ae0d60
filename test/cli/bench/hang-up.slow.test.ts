/** `tandem bench run` as a process in a terminal that is closed, with a kubectl for tests. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const FAKE = join(__dirname, '../../support/fake-kubectl.cjs');
const HPA = '/apis/autoscaling/v2/namespaces/NAMESPACE/horizontalpodautoscalers/latency-hpa';
/** It starts processes, on a busy machine. */
const TIMEOUT_MS = 240_000;

test(
  'a terminal that is closed ends a run as Ctrl-C does: its namespace is deleted',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-hang-up-'));
    const kubectl = join(folder, 'kubectl');
    // Without --kubeconfig and its file.
    writeFileSync(kubectl, `#!/bin/sh\nshift 2\nexec '${process.execPath}' '${FAKE}' '${folder}' "$@"\n`);
    chmodSync(kubectl, 0o755);
    // An HPA that reads no metrics, for which the run waits.
    const answers = { api: { [HPA]: { spec: { maxReplicas: 8 }, status: {} } } };
    writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
    const args = ['--import', 'tsx', join(ROOT, 'cli/bench/main.ts'), 'bench', 'run'];
    const options = ['--kubeconfig', 'none', '--variant', 'latency-hpa', '--load', 'poisson:5:5s'];
    const image = join(ROOT, 'models/demo/samples/weave.jpg');
    const child = spawn(
      process.execPath,
      [...args, ...options, '--image', image, '--out', join(folder, 'out.json')],
      {
        cwd: ROOT,
        // A process group of its own, as a terminal gives one: SIGHUP reaches kubectl too.
        detached: true,
        env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` },
      },
    );
    let stderr = '';
    let isSent = false;
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (isSent || !stderr.includes('waiting until the HPA reads CPU metrics')) return;
      isSent = true;
      // The terminal sends it, and its shell once more.
      process.kill(-child.pid!, 'SIGHUP');
      process.kill(child.pid!, 'SIGHUP');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    const [, namespace] = /applying latency-hpa in namespace (\S+)/.exec(stderr) ?? [];
    expect(stderr).toContain('stopping: deleting the namespace of the run');
    expect(readFileSync(join(folder, 'calls.jsonl'), 'utf8')).toContain(`delete namespace ${namespace}`);
    expect(code).toBe(130);
  },
  TIMEOUT_MS,
);
