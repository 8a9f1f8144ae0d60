/**
 * Compiles models/data/assembly/resize.ts and writes its bytes to models/data/resize-wasm.ts: `npm run build:wasm`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const SOURCE = 'models/data/assembly/resize.ts';
const TARGET = join(ROOT, 'models', 'data', 'resize-wasm.ts');
/** The memory is the decoder's, so that pixels are resized where they were decoded. */
const OPTIONS = ['-O3', '--runtime', 'stub', '--importMemory', '--enable', 'simd'];

/** Compiles the source; returns the text of models/data/resize-wasm.ts. */
export function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-wasm-'));
  try {
    const compiler = join(dirname(require.resolve('assemblyscript/package.json')), 'bin', 'asc.js');
    const out = join(folder, 'resize.wasm');
    const { status, stderr } = spawnSync(process.execPath, [compiler, SOURCE, ...OPTIONS, '-o', out], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`asc ended with ${status}: ${stderr}`);
    return `/**
 * ${SOURCE}, compiled: do not edit, run \`npm run build:wasm\`.
 */
export const RESIZE_WASM_BASE64 =
  '${readFileSync(out).toString('base64')}';
`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (require.main === module) writeFileSync(TARGET, compile());
