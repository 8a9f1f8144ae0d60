/**
 * Compiles models/data/assembly/resize.ts with what it imports and writes its bytes to models/data/jpeg-wasm.ts:
 * `npm run build:wasm`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const SOURCE = 'models/data/assembly/resize.ts';
const TARGET = join(ROOT, 'models', 'data', 'jpeg-wasm.ts');
const OPTIONS = ['-O3', '--runtime', 'stub', '--enable', 'simd'];

/** Compiles the source; returns the text of models/data/jpeg-wasm.ts. */
export function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-wasm-'));
  try {
    const compiler = join(dirname(require.resolve('assemblyscript/package.json')), 'bin', 'asc.js');
    const out = join(folder, 'jpeg.wasm');
    const { status, stderr } = spawnSync(process.execPath, [compiler, SOURCE, ...OPTIONS, '-o', out], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`asc ended with ${status}: ${stderr}`);
    return `/**
 * ${SOURCE}, compiled: do not edit, run \`npm run build:wasm\`.
 */
export const JPEG_WASM_BASE64 =
  '${readFileSync(out).toString('base64')}';
`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (require.main === module) writeFileSync(TARGET, compile());
