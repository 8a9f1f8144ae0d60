/** Tools that judge what the service says about itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { execute, succeed } from './execute';
import { type RunClient, runChecks } from './outcome';
import { writeDocument } from './programs';

const bin = (folder: string, name: string) => join(folder, 'node_modules', '.bin', name);

export const spectral: RunClient = (service, folder) =>
  runChecks({
    lint: async () => {
      const rules = join(service.dir, '.spectral.json');
      writeFileSync(rules, JSON.stringify({ extends: ['spectral:oas'] }));
      const document = await writeDocument(service);
      const options = ['lint', '--ruleset', rules, '--fail-severity', 'hint', document];
      await succeed(bin(folder, 'spectral'), options);
    },
  });

export const redocly: RunClient = (service, folder) =>
  runChecks({
    lint: async () => {
      const document = await writeDocument(service);
      const report = await succeed(bin(folder, 'redocly'), ['lint', '--format', 'json', document], {
        cwd: service.dir,
      });
      const { totals } = JSON.parse(report.slice(report.indexOf('{'))) as {
        totals: { errors: number; warnings: number };
      };
      if (totals.errors + totals.warnings > 0) throw new Error(report.slice(0, 600));
    },
  });

export const promtool: RunClient = ({ url, dir }, folder) =>
  runChecks({
    check: async () => {
      const metrics = join(dir, 'metrics.txt');
      writeFileSync(metrics, await (await fetch(`${url}/metrics`)).text());
      const promtoolPath = join(folder, 'usr', 'bin', 'promtool');
      const { code, stdout, stderr } = await execute(promtoolPath, ['check', 'metrics'], { input: metrics });
      if (code !== 0 || `${stdout}${stderr}`.trim() !== '')
        throw new Error(`${stdout}${stderr}`.slice(0, 600));
    },
  });
