/** Jest's global set-up: one cluster of real nodes for all suites, passed to them in the environment. */
import { startRealCluster } from '../../bench/lab/real-cluster';

const required = (name: string) => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:pods`);
  return value;
};

export default async function setUp(): Promise<void> {
  const { cluster, cgroups, stop } = await startRealCluster({
    bin: required('KUBERNETES_BIN'),
    archives: [required('PAUSE_ARCHIVE'), required('IMAGE_ARCHIVE')],
    autoscalerTiming: 'shortened',
    metricsResolutionSeconds: 10,
    log: (line) => console.log(line),
  });
  (globalThis as { stopPods?: () => Promise<void> }).stopPods = stop;
  process.env['TANDEM_TEST_CLUSTER'] = JSON.stringify(cluster);
  process.env['TANDEM_TEST_CGROUPS'] = JSON.stringify(cgroups);
}
