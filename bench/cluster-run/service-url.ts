/**
 * Where a variant in a cluster answers.
 */
import { servedModel } from '../../infra/model-names';
import type { Settings } from '../../infra/settings';
import type { Variant } from '../../infra/variants';
import { PATHS } from '../../service/contract';
import type { ReadApi } from '../timeline/api-reader';

/** The URL of a variant's Service by IP address: the generator's pods are not allowed to use DNS. */
export async function serviceUrl(
  readApi: ReadApi,
  variant: Pick<Variant, 'name' | 'model'>,
  { namespace, models }: Pick<Settings, 'namespace' | 'models'>,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/services/${variant.name}`;
  const { spec } = JSON.parse(await readApi(path)) as {
    readonly spec: { readonly clusterIP: string; readonly ports: readonly { readonly port: number }[] };
  };
  const host = spec.clusterIP.includes(':') ? `[${spec.clusterIP}]` : spec.clusterIP;
  return `http://${host}:${spec.ports[0]!.port}${PATHS.classify}?model=${servedModel(variant, models)}`;
}
