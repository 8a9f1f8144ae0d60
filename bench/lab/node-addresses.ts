/** Names and addresses of the real nodes. A machine has one such network, so they are constants. */

/** The bridge that joins the nodes. */
export const BRIDGE = 'tandem0';
/** The bridge's own address, at which nodes reach the API server. */
export const BRIDGE_ADDRESS = '10.200.0.1';
/** Address range of all pods (CIDR). */
export const POD_CIDR = '10.244.0.0/16';
export const KUBE_PROXY_USER = 'system:kube-proxy';

export const nodeName = (index: number): string => `node-${index}`;
export const nodeAddress = (index: number): string => `10.200.0.1${index}`;
/** Address range of the pods on one node (CIDR). */
export const podCidr = (index: number): string => `10.244.${index}.0/24`;
export const kubeletUser = (index: number): string => `system:node:${nodeName(index)}`;
