/** The three real nodes of the experiments, with Kubernetes' own constants. */
import { join } from 'node:path';

import { startRealCluster } from '../lab/real-cluster';
import { METRIC_RESOLUTION_MS } from './cpu-windows';
import type { RunOneOptions } from './run-one';

const required = (name: string) => {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set: start the command with bench/lab/with-real-nodes.sh`);
  }
  return value;
};

/** A cluster that runs the container image which `with-real-nodes.sh` built. */
export interface ExperimentCluster extends Pick<RunOneOptions, 'kubectl' | 'image'> {
  readonly stop: () => Promise<void>;
}

/** @throws Error naming a variable of `with-real-nodes.sh` that is not set */
export async function startExperimentCluster(log: RunOneOptions['log']): Promise<ExperimentCluster> {
  // Before the nodes start: nobody could stop them.
  const image = required('IMAGE_NAME');
  const lab = await startRealCluster({
    bin: required('KUBERNETES_BIN'),
    archives: [required('PAUSE_ARCHIVE'), required('IMAGE_ARCHIVE')],
    autoscalerTiming: 'kubernetes',
    metricsResolutionSeconds: METRIC_RESOLUTION_MS / 1000,
    detached: true,
    log,
  });
  const { bin, kubeconfig } = lab.cluster;
  return {
    kubectl: [join(bin, 'kubectl'), '--kubeconfig', kubeconfig],
    image,
    stop: () => lab.stop(),
  };
}
