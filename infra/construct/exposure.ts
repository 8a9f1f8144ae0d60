/**
 * How clients outside the cluster reach a Service by a host name: an Ingress, or an HTTPRoute of the Gateway API.
 */
import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

import { k8s } from './cdk8s-plus';
import { metadataOf } from './object-metadata';

/** The options of a Service's host name. */
export interface Exposure {
  /** The host is the Service's name and this domain. @default none: no Ingress and no HTTPRoute */
  readonly domain?: string;
  /** Name of a Gateway, or its namespace, a slash and its name: an HTTPRoute takes the place of the Ingress. @default none */
  readonly gateway?: string;
  /** @default the cluster's default class */
  readonly ingressClass?: string;
  /** @default none */
  readonly ingressAnnotations?: Readonly<Record<string, string>>;
  /** Name of a Secret with the certificate of the host, for an Ingress. @default none */
  readonly tlsSecret?: string;
}

/** Adds the objects by which a Service is reached; none without a domain. `portName` is a port of the Service. */
export function expose(
  scope: Construct,
  metadata: k8s.ObjectMeta & { readonly name: string },
  port: { readonly name: string; readonly port: number },
  exposure: Exposure,
): void {
  const { domain, gateway } = exposure;
  if (domain === undefined) return;
  const host = `${metadata.name}.${domain}`;
  if (gateway === undefined) ingress(scope, metadata, host, port.name, exposure);
  else httpRoute(scope, metadata, host, port.port, gateway);
}

function ingress(
  scope: Construct,
  metadata: k8s.ObjectMeta & { readonly name: string },
  host: string,
  portName: string,
  { ingressClass, ingressAnnotations = {}, tlsSecret }: Exposure,
): void {
  const annotations = Object.keys(ingressAnnotations).length === 0 ? {} : { annotations: ingressAnnotations };
  new k8s.KubeIngress(scope, 'ingress', {
    metadata: { ...metadata, ...annotations },
    spec: {
      ...(ingressClass === undefined ? {} : { ingressClassName: ingressClass }),
      ...(tlsSecret === undefined ? {} : { tls: [{ hosts: [host], secretName: tlsSecret }] }),
      rules: [
        {
          host,
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: metadata.name, port: { name: portName } } },
              },
            ],
          },
        },
      ],
    },
  });
}

/** @see https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
function httpRoute(
  scope: Construct,
  metadata: k8s.ObjectMeta & { readonly name: string },
  host: string,
  port: number,
  gateway: string,
): void {
  const [parent, parentNamespace] = gateway.split('/').reverse();
  new ApiObject(scope, 'http-route', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: metadataOf(metadata),
    spec: {
      parentRefs: [
        { name: parent, ...(parentNamespace === undefined ? {} : { namespace: parentNamespace }) },
      ],
      hostnames: [host],
      rules: [{ backendRefs: [{ name: metadata.name, port }] }],
    },
  });
}
