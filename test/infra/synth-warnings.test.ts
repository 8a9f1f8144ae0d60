import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { synthesize } from '../../infra/main';

const folder = mkdtempSync(join(tmpdir(), 'tandem-warnings-'));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  [{}, 2],
  [{ TANDEM_ARCHITECTURES: 'arm64' }, 2],
  [{ TANDEM_TOLERATIONS: 'node-role.kubernetes.io/control-plane' }, 1],
])('with %j, synth counts the nodes that fit counts: %i pods stay Pending', (environment, pending) => {
  const { warnings } = synthesize(folder, environment);
  expect(warnings.find(({ variant }) => variant === 'accuracy-max-size')!.text).toContain(
    `replicas 4, ${pending} stay Pending`,
  );
});
