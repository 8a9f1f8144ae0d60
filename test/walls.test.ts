import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Imports that the lint rules must refuse. */
const FORBIDDEN = [
  ['models/architectures/classifier.ts', "import '../../service/contract';"],
  ['models/onnx/export.ts', "import '../../infra/variants';"],
  ['models/weights/weights.ts', "import 'express';"],
  ['service/app.ts', "import '../infra/variants';"],
  ['service/app.ts', "import 'cdk8s';"],
  ['infra/main.ts', "import '../service/app';"],
  ['infra/main.ts', "import '../models/weights/weights';"],
  ['infra/main.ts', "import '@tensorflow/tfjs';"],
  ['models/catalog.ts', "import { x } from './files';"],
] as const;

/** Imports that they must allow. */
const ALLOWED = [
  ['service/app.ts', "import '../models/catalog';"],
  ['infra/main.ts', "import '../service/contract';"],
  ['infra/main.ts', "import '../models/catalog';"],
  ['service/contract.ts', "import type { ModelId } from '../models/catalog';"],
] as const;

// In a process of its own: ESLint imports its configuration as a module, which Jest's contexts do not allow.
const SCRIPT = `
  const { ESLint } = require('eslint');
  const walls = ['no-restricted-imports', 'no-restricted-syntax'];
  const eslint = new ESLint({ ruleFilter: ({ ruleId }) => walls.includes(ruleId) });
  (async () => {
    const counts = [];
    for (const [filePath, code] of JSON.parse(process.argv[1])) {
      const [{ messages }] = await eslint.lintText(code, { filePath });
      counts.push(messages.filter(({ ruleId }) => walls.includes(ruleId)).length);
    }
    console.log(JSON.stringify(counts));
  })();`;

test('imports across the walls are refused, the others allowed', () => {
  const cases = [...FORBIDDEN, ...ALLOWED];
  const output = execFileSync('node', ['-e', SCRIPT, JSON.stringify(cases)], {
    cwd: join(__dirname, '..'),
    encoding: 'utf8',
  });
  const found = (JSON.parse(output) as number[]).map((count, i) => [...cases[i]!, count]);
  expect(found).toEqual([...FORBIDDEN.map((c) => [...c, 1]), ...ALLOWED.map((c) => [...c, 0])]);
}, 60_000);
