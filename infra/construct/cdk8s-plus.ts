/**
 * The one door to cdk8s-plus' typed API objects (`kplus.k8s`). The construct's own package replaces this file by
 * `infra/package/cdk8s-plus.cjs`, which takes whichever release the app has.
 */
export { k8s } from 'cdk8s-plus-28';
