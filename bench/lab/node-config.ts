/** Configurations of the programs on a real node. */
import { basename } from 'node:path';

import type { LabCluster } from './lab-cluster';
import { KUBE_PROXY_USER, nodeAddress, nodeName, POD_CIDR, podCidr } from './node-addresses';
import { kubeconfigOf } from './users';

/** Image that holds a pod's namespaces open; `with-real-nodes.sh` builds it. */
const PAUSE_IMAGE = 'tandem-test-pause:1';

/** containerd's configuration, in TOML. */
export const containerdConfig = (folder: string, index: number) => `version = 2
root = "${folder}/containerd"
state = "${folder}/state"
oom_score = 0
[grpc]
  address = "${folder}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "/run/tandem-runc-${basename(folder)}-${index}"
`;

/** The CNI configuration: a bridge within the node, with addresses from the node's pod CIDR. */
export const cniConfig = (folder: string, index: number) => ({
  cniVersion: '0.4.0',
  name: 'tandem',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: 'host-local',
        dataDir: `${folder}/addresses`,
        ranges: [[{ subnet: podCidr(index) }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
});

/** The kubelet's configuration, for control groups of version 1. */
export const kubeletConfig = (folder: string, cgroup: string, index: number) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: nodeAddress(index),
  healthzPort: 0,
  // The API server has no client certificate; only the lab's own network reaches the kubelet.
  authentication: { anonymous: { enabled: true }, webhook: { enabled: true } },
  authorization: { mode: 'AlwaysAllow' },
  containerRuntimeEndpoint: `unix://${folder}/containerd.sock`,
  cgroupDriver: 'cgroupfs',
  cgroupRoot: cgroup,
  failCgroupV1: false,
  failSwapOn: false,
  // A sandboxed machine is not allowed to lower it.
  oomScoreAdj: 0,
  clusterDNS: [],
  resolvConf: '',
  imageGCHighThresholdPercent: 100,
  evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  nodeStatusUpdateFrequency: '5s',
  maxPods: 30,
  volumePluginDir: `${folder}/volume-plugins`,
  podLogsDir: `${folder}/logs`,
  makeIPTablesUtilChains: false,
  localStorageCapacityIsolation: false,
});

/** kube-proxy's configuration. */
export const kubeProxyConfig = (cluster: LabCluster, index: number) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  hostnameOverride: nodeName(index),
  clusterCIDR: POD_CIDR,
  clientConnection: { kubeconfig: kubeconfigOf(cluster.folder, KUBE_PROXY_USER) },
  oomScoreAdj: 0,
  conntrack: { maxPerCore: 0, min: 0 },
});
