/**
 * What of a pod `fit` does not judge, one sentence each, so that no one takes it for judged. Pure functions.
 */
import { isEmpty } from '../scheduler/label-selector';
import type { PodSpec } from './our-pods';
import { affinityTermsOf } from './pod-demand';

/** Fields of a pod that decide where it goes and that are not judged, with what they do. */
interface UnjudgedFields {
  readonly schedulerName?: string;
  readonly nodeName?: string;
  readonly runtimeClassName?: string;
  readonly schedulingGates?: readonly unknown[];
  readonly resourceClaims?: readonly unknown[];
  readonly volumes?: readonly { readonly persistentVolumeClaim?: unknown; readonly ephemeral?: unknown }[];
}

const DEFAULT_SCHEDULER = 'default-scheduler';

/** What of a pod is not judged on any cluster. @param claims whether each pod gets volumes of its own */
export function notJudgedIn(spec: PodSpec & UnjudgedFields, claims: boolean): string[] {
  const { schedulerName = DEFAULT_SCHEDULER, nodeName, runtimeClassName, volumes = [] } = spec;
  const hasClaims = claims || volumes.some((each) => each.persistentVolumeClaim ?? each.ephemeral);
  const comparesTolerations = (spec.tolerations ?? []).some(({ operator }) =>
    ['Lt', 'Gt'].includes(operator ?? ''),
  );
  const selects = affinityTermsOf(spec).some(
    ({ namespaceSelector }) => namespaceSelector !== undefined && !isEmpty(namespaceSelector),
  );
  return [
    ...(schedulerName === DEFAULT_SCHEDULER
      ? []
      : [`the scheduler ${schedulerName}, which may decide otherwise`]),
    ...(nodeName === undefined ? [] : [`nodeName ${nodeName}, which leaves the scheduler out`]),
    ...(runtimeClassName === undefined
      ? []
      : [`the RuntimeClass ${runtimeClassName}, which may add overhead, a node selector and tolerations`]),
    ...((spec.schedulingGates ?? []).length === 0 ? [] : ['scheduling gates, for which the pods wait']),
    ...((spec.resourceClaims ?? []).length === 0 ? [] : ['resource claims, such as those of devices']),
    ...(hasClaims ? ['persistent volumes, which may tie pods to nodes or zones'] : []),
    ...(comparesTolerations ? ['tolerations that compare numbers (Lt, Gt)'] : []),
    ...(selects ? ['pods in the namespaces that a namespaceSelector of the affinity selects'] : []),
  ];
}
