import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '..');

/** A file, what it imports, and the rule that must refuse it. */
const FORBIDDEN = [
  ['files/a.ts', 'models/catalog.ts', 'wall-of-files'],
  ['statistics/a.ts', 'files/write.ts', 'wall-of-statistics'],
  ['charts/a.ts', 'models/evaluation/evaluation.ts', 'wall-of-charts'],
  ['models/architectures/a.ts', 'models/weights/weights.ts', 'wall-of-models-architectures'],
  ['models/data/a.ts', 'models/training/step.ts', 'wall-of-models-data'],
  ['models/weights/a.ts', 'models/training/step.ts', 'wall-of-models-weights'],
  ['models/weights/b.ts', 'models/demo/splits.ts', 'demo-on-top'],
  ['models/onnx/a.ts', 'models/weights/weights.ts', 'wall-of-models-onnx'],
  ['models/engines/a.ts', 'models/data/decode.ts', 'wall-of-models-engines'],
  ['models/evaluation/a.ts', 'models/report/report.ts', 'wall-of-models-evaluation'],
  ['models/training/a.ts', 'models/report/report.ts', 'wall-of-models-training'],
  ['models/report/a.ts', 'models/demo/splits.ts', 'wall-of-models-report'],
  ['models/compare/a.ts', 'cli/progress.ts', 'wall-of-models-compare'],
  ['models/demo/a.ts', 'cli/progress.ts', 'wall-of-models'],
  ['models/demo/b.ts', 'service/contract.ts', 'wall-of-models'],
  ['models/a.ts', 'files/write.ts', 'models-root-is-facts'],
  ['service/http/a.ts', 'service/api/app.ts', 'wall-of-service-http'],
  ['service/inference/a.ts', 'service/http/drain.ts', 'wall-of-service-inference'],
  ['service/api/a.ts', 'infra/variants.ts', 'wall-of-service-api'],
  ['service/grpc/a.ts', 'service/inference/model-queue.ts', 'wall-of-service-grpc'],
  ['service/a.ts', 'infra/variants.ts', 'wall-of-service'],
  ['infra/a.ts', 'service/api/app.ts', 'wall-of-infra'],
  ['infra/b.ts', 'models/weights/weights.ts', 'wall-of-infra'],
  ['infra/construct/a.ts', 'infra/variants.ts', 'wall-of-infra-construct'],
  ['infra/scheduler/a.ts', 'infra/fit/fit.ts', 'wall-of-infra-scheduler'],
  ['infra/fit/a.ts', 'files/write.ts', 'wall-of-infra-fit'],
  ['bench/load/a.ts', 'models/catalog.ts', 'wall-of-bench-load'],
  ['bench/lab/a.ts', 'service/contract.ts', 'wall-of-bench-lab'],
  ['bench/autoscaler/a.ts', 'infra/variants.ts', 'wall-of-bench-autoscaler'],
  ['bench/twin/a.ts', 'bench/timeline/record.ts', 'wall-of-bench-twin'],
  ['bench/adviser/a.ts', 'bench/lab/poll.ts', 'wall-of-bench-adviser'],
  ['bench/timeline/a.ts', 'models/catalog.ts', 'wall-of-bench-timeline'],
  ['bench/cluster-run/a.ts', 'bench/lab/poll.ts', 'wall-of-bench-cluster-run'],
  ['bench/evidence/a.ts', 'service/main.ts', 'wall-of-bench-evidence'],
  ['bench/a.ts', 'cli/progress.ts', 'wall-of-bench'],
  ['cli/a.ts', 'test/support/server.ts', 'wall-of-cli'],
  ['models/weights/c.ts', 'express', 'packages-of-models'],
  ['service/b.ts', 'cdk8s', 'packages-of-service'],
  ['infra/c.ts', '@tensorflow/tfjs', 'packages-of-infra'],
  ['infra/f.ts', 'cdk8s-plus-28', 'one-door-to-cdk8s-plus'],
  ['service/c.ts', 'onnxruntime-node', 'one-door-to-onnxruntime'],
  ['service/e.ts', 'models/data/decode-file.ts', 'service-decodes-its-formats-only'],
] as const;

/** Imports that every rule must allow. */
const ALLOWED = [
  ['infra/d.ts', 'service/contract.ts'],
  ['infra/e.ts', 'models/catalog.ts'],
  ['service/d.ts', 'models/weights/weights.ts'],
  ['models/training/d.ts', 'models/engines/load.ts'],
  ['models/demo/d.ts', 'models/report/report.ts'],
  ['bench/load/d.ts', 'service/contract.ts'],
  ['cli/d.ts', 'bench/experiments/overload.ts'],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'tandem-walls-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

const specifier = (from: string, to: string) => {
  if (!to.endsWith('.ts')) return to;
  const path = relative(dirname(from), to.replace(/\.ts$/, ''));
  return path.startsWith('.') ? path : `./${path}`;
};

/** Violations that the linter finds in the planted tree, as `[rule, file]`. */
function violations(): [string, string][] {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const args = ['--config', join(ROOT, '.dependency-cruiser.cjs'), '--output-type', 'json', '.'];
  const { stdout } = spawnSync('node', [program, ...args], { cwd: folder, encoding: 'utf8' });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] };
  };
  return summary.violations.map(({ rule, from }) => [rule.name, from]);
}

test('each wall refuses an import planted across it, circles are refused, and doors are open', () => {
  write('tsconfig.json', '{}');
  for (const [from, to] of [...FORBIDDEN, ...ALLOWED]) {
    if (to.endsWith('.ts')) write(to, 'export {};\n');
    else write(`node_modules/${to}/index.js`, '');
    write(from, `import '${specifier(from, to)}';\n`);
  }
  write('models/data/x.ts', "import './y';\n");
  write('models/data/y.ts', "import './x';\n");
  // e.ts imports the catalog: infra/ may, the construct may not.
  write('infra/construct/inference-service.ts', "import '../e';\n");
  const found = violations();
  const expected = [
    ...FORBIDDEN.map(([from, , rule]) => [rule, from]),
    ['no-circle', 'models/data/x.ts'],
    ['construct-stands-alone', 'infra/construct/inference-service.ts'],
  ];
  for (const violation of expected) expect(found).toContainEqual(violation);
  // Every rule of the configuration has a case above.
  const { forbidden } = jest.requireActual<{ forbidden: { name: string }[] }>('../.dependency-cruiser.cjs');
  expect(new Set(expected.map(([rule]) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  const refused = new Set(found.map(([, from]) => from));
  expect(ALLOWED.map(([from]) => from).filter((from) => refused.has(from))).toEqual([]);
}, 60_000);

test('a fact table may import types only', () => {
  // In a process of its own: ESLint imports its configuration as an ES module, which Jest's contexts cannot do.
  const script = `
    const { ESLint } = require('eslint');
    const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-syntax' });
    (async () => {
      for (const code of ["import { x } from './files';", "import type { x } from './files';"]) {
        const [{ messages }] = await eslint.lintText(code, { filePath: 'models/catalog.ts' });
        console.log(messages.filter(({ ruleId }) => ruleId === 'no-restricted-syntax').length);
      }
    })();`;
  expect(execFileSync('node', ['-e', script], { cwd: ROOT, encoding: 'utf8' })).toBe('1\n0\n');
}, 60_000);
