/** Jest's global set-up: one control plane for all suites, passed to them in the environment. */
import { startControlPlane } from '../../bench/lab/control-plane';
import type { LabCluster } from '../../bench/lab/lab-cluster';

export default async function setUp(): Promise<void> {
  const bin = process.env['KUBERNETES_BIN'];
  if (bin === undefined) throw new Error('KUBERNETES_BIN is not set: run npm run test:cluster');
  const started = performance.now();
  const plane = await startControlPlane({ bin, autoscalerTiming: 'shortened' });
  (globalThis as { stopCluster?: () => Promise<void> }).stopCluster = plane.stop;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.error(`${signal}: stopping the control plane`);
      void plane.stop().finally(() => process.exit(1));
    });
  }
  process.env['TANDEM_TEST_CLUSTER'] = JSON.stringify(plane.cluster);
  console.log(`\ncontrol plane up in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** The cluster that the set-up started. */
export const clusterOfTest = (): LabCluster => JSON.parse(process.env['TANDEM_TEST_CLUSTER']!) as LabCluster;
