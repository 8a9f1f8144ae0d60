'use strict';
/**
 * cdk8s-plus' typed API objects, from the first release of package.json's list that the app has installed. The construct
 * uses only what all of them have.
 */
const { name, peerDependenciesMeta } = require('../../package.json');

const RELEASES = Object.keys(peerDependenciesMeta);

function isInstalled(release) {
  try {
    require.resolve(release);
    return true;
  } catch {
    return false;
  }
}

const installed = RELEASES.find(isInstalled);
if (installed === undefined) {
  throw new Error(
    `${name} needs cdk8s-plus: install one of ${RELEASES.join(', ')}, such as npm install ${RELEASES[0]}`,
  );
}
exports.k8s = require(installed).k8s;
