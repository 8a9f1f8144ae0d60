/**
 * Objects of one app that would replace each other in the cluster. Pure functions.
 */
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

const objectsIn = (scope: IConstruct): ApiObject[] =>
  scope.node.findAll().filter((each) => ApiObject.isApiObject(each));

/** What Kubernetes tells objects apart by. */
const identityOf = ({ apiGroup, kind, name, metadata }: ApiObject): string =>
  [apiGroup, kind, metadata.namespace ?? '', name].join('/');

/**
 * One sentence if another object in the app has the kind, name and namespace of one of the construct's objects, else none:
 * of two such objects the one applied last would win.
 */
export function duplicatesOf(construct: IConstruct): string[] {
  const own = new Map(objectsIn(construct).map((object) => [identityOf(object), object]));
  const other = objectsIn(construct.node.root).find(
    (object) => own.has(identityOf(object)) && own.get(identityOf(object)) !== object,
  );
  if (other === undefined) return [];
  const where = other.metadata.namespace === undefined ? '' : ` in namespace ${other.metadata.namespace}`;
  return [
    `name must be unique among the objects of a kind${where}, received ${other.name}, which the ${other.kind} ` +
      `${other.node.path} has too: give one of them another name or namespace`,
  ];
}
