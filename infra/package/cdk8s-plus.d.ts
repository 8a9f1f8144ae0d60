/**
 * The types of cdk8s-plus.cjs. A release that is not installed is an error that the compiler is told to ignore; of several,
 * the first one counts, as in cdk8s-plus.cjs.
 */
// @ts-ignore
export * from 'cdk8s-plus-33';
// @ts-ignore
export * from 'cdk8s-plus-32';
// @ts-ignore
export * from 'cdk8s-plus-31';
// @ts-ignore
export * from 'cdk8s-plus-30';
// @ts-ignore
export * from 'cdk8s-plus-29';
// @ts-ignore
export * from 'cdk8s-plus-28';
