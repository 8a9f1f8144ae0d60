/** A cluster of real nodes on this machine: control plane, three nodes with images, and metrics-server. */
import { type LabCluster } from './lab-cluster';
import { type ControlPlaneOptions, SERVICE_CIDR, startControlPlane } from './control-plane';
import { startMetricsServer } from './metrics-api';
import { BRIDGE, BRIDGE_ADDRESS, KUBE_PROXY_USER, kubeletUser, nodeAddress } from './node-addresses';
import { ip } from './node-resources';
import { type RealNode, startNode } from './real-node';

const NODES = 3;

export interface RealClusterOptions extends Pick<
  ControlPlaneOptions,
  'bin' | 'autoscalerTiming' | 'detached'
> {
  /** Archives of the images that every node imports. */
  readonly archives: readonly string[];
  /** Scrape period of metrics-server, seconds. */
  readonly metricsResolutionSeconds: number;
  /** Receives one line per step. */
  readonly log: (line: string) => void;
}

export interface RealCluster {
  readonly cluster: LabCluster;
  /** Root control group of each node. */
  readonly cgroups: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Starts the cluster in the current network namespace. `with-real-nodes.sh` creates a private one. */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const { bin, autoscalerTiming, detached = false, archives, metricsResolutionSeconds, log } = options;
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  ip('link', 'add', BRIDGE, 'type', 'bridge');
  ip('addr', 'add', `${BRIDGE_ADDRESS}/24`, 'dev', BRIDGE);
  ip('link', 'set', BRIDGE, 'up');
  // The first node's kube-proxy routes this machine's requests to Services.
  ip('route', 'add', SERVICE_CIDR, 'via', nodeAddress(0));
  const indices = Array.from({ length: NODES }, (_, index) => index);
  const kubelets = Object.fromEntries(indices.map((index) => [kubeletUser(index), 'system:nodes']));
  const users = { ...kubelets, [KUBE_PROXY_USER]: '' };
  const plane = await startControlPlane({
    ...{ bin, autoscalerTiming, detached },
    real: { address: BRIDGE_ADDRESS, users },
  });
  const { cluster } = plane;
  log(`control plane up after ${seconds()} s`);
  const nodes: RealNode[] = [];
  let stopMetrics: (() => Promise<void>) | undefined;
  const stop = async () => {
    await stopMetrics?.();
    await Promise.all(nodes.map((node) => node.stop()));
    await plane.stop();
    ip('link', 'delete', BRIDGE);
  };
  try {
    const starts = await Promise.allSettled(
      indices.map((index) => startNode(cluster, { index, nodes: NODES, archives, detached })),
    );
    for (const start of starts) if (start.status === 'fulfilled') nodes.push(start.value);
    for (const start of starts) if (start.status === 'rejected') throw start.reason as Error;
    log(`${NODES} nodes ready after ${seconds()} s`);
    stopMetrics = await startMetricsServer(cluster, metricsResolutionSeconds, detached);
    log(`metrics-server answers after ${seconds()} s`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { cluster, cgroups: nodes.map(({ cgroup }) => cgroup), stop };
}
