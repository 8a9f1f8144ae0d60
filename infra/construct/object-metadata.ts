/**
 * Metadata of objects that cdk8s-plus has no class for. Pure functions.
 */
import type { ApiObjectMetadata } from 'cdk8s';

import type { k8s } from './cdk8s-plus';

/** Metadata in the type that cdk8s takes. */
export const metadataOf = ({
  name,
  namespace,
  labels,
}: k8s.ObjectMeta & { readonly name: string }): ApiObjectMetadata => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  ...(labels === undefined ? {} : { labels }),
});
