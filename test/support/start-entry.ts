/** `npm start`, with its manifests in the folder that the first argument names, so that no test writes `dist/`. */
import { fail } from '../../cli/ending';
import { start } from '../../cli/start';

const [outdir] = process.argv.splice(2, 1);
start(outdir!).catch(fail);
