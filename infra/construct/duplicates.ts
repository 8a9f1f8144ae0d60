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
  const own = objectsIn(construct);
  const identities = new Set(own.map(identityOf));
  // Names first: cdk8s asks every construct again for every chart, and an identity costs more than a name.
  const names = new Set(own.map(({ name }) => name));
  const other = objectsIn(construct.node.root).find(
    (object) => names.has(object.name) && identities.has(identityOf(object)) && !own.includes(object),
  );
  if (other === undefined) return [];
  const where = other.metadata.namespace === undefined ? '' : ` in namespace ${other.metadata.namespace}`;
  return [
    `name must be unique among the objects of a kind${where}, received ${other.name}, which the ${other.kind} ` +
      `${other.node.path} has too: give one of them another name or namespace`,
  ];
}
