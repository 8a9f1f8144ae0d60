'use strict';
/**
 * cdk8s-plus' typed API objects, from the first release of package.json's list that shares its copy of cdk8s with the
 * construct. The construct uses only what all releases have.
 */
const { ApiObject } = require('cdk8s');

const { name, peerDependenciesMeta } = require('../../../package.json');

const RELEASES = Object.keys(peerDependenciesMeta);

function isInstalled(release) {
  try {
    require.resolve(release);
    return true;
  } catch {
    return false;
  }
}

/**
 * A folder above the app may hold a release with another copy of cdk8s, whose objects the app's charts cannot hold. Not
 * `instanceof`, which cdk8s answers for every copy.
 */
const sharesCdk8s = (release) => Object.getPrototypeOf(require(release).k8s.KubeService) === ApiObject;

const release = RELEASES.find((each) => isInstalled(each) && sharesCdk8s(each));
if (release === undefined) {
  throw new Error(
    `${name} needs cdk8s-plus beside the same cdk8s: install one of ${RELEASES.join(', ')}, such as ` +
      `npm install ${RELEASES[0]}`,
  );
}
exports.k8s = require(release).k8s;
