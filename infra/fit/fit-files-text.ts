/**
 * The words for how the workloads of manifests fit a cluster.
 */
import type { FilesFit, WorkloadFit } from './fit-files';
import { allocatedLines, notCountedLines, placementLines } from './fit-text';
import { nodesOf } from './observed-cluster';
import type { OurPods } from './our-pods';
import type { Manifests, Workload } from './workloads';

/** `Deployment shop/web`. */
export const workloadName = ({ kind, name, pods }: Pick<Workload, 'kind' | 'name' | 'pods'>): string =>
  `${kind} ${pods.namespace}/${name}`;

function workloadReport({ workload, ...fit }: WorkloadFit): string {
  const { cpu, memory } = fit.demand.requests;
  const more = Object.entries(fit.demand.more ?? {}).map(([name, amount]) => `, ${amount} ${name}`);
  return [
    `${workloadName(workload)} (${cpu} CPU, ${memory} memory${more.join('')} per pod): ${fit.verdict}`,
    ...placementLines(fit),
    ...workload.remarks.map((remark) => `  note: ${remark}`),
    ...notCountedLines(fit.notCounted),
  ].join('\n');
}

/** Nobody's pods: those to whom every pod of a cluster is another's. */
const NOBODY: OurPods = {
  prefix: '',
  namespace: '',
  labels: {},
  selector: {},
  spec: { containers: [] },
  hashed: false,
};

/** The verdict and the placement of each workload, then *Allocated resources* with all of them, then what was left out. */
export function filesReport({ fits, filled }: FilesFit, { skipped, notPlaced }: Manifests): string {
  const placed = nodesOf(NOBODY, filled).map((node) => ({ node, pods: 0 }));
  const nothing = { cpu: '0', memory: '0' };
  const rest = [
    ...notPlaced.map((what) => `not placed: ${what}`),
    ...skipped.map((what) => `skipped: ${what}`),
  ];
  return [
    ...fits.map((fit) => `${workloadReport(fit)}\n`),
    'Allocated resources with all of them at their lowest number of replicas:',
    ...allocatedLines({ requests: nothing, limits: nothing }, placed),
    ...(rest.length > 0 ? ['', ...rest] : []),
  ].join('\n');
}
