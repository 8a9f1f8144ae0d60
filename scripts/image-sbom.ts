/**
 * The SBOM of the container image: npm's SBOM, plus Node and the Debian packages. The Dockerfile runs it:
 * `node image-sbom.js NPM-SBOM DPKG-STATUS` prints CycloneDX as JSON.
 *
 * @see https://cyclonedx.org/docs/1.5/json/
 * @see https://github.com/package-url/purl-spec, types deb and generic
 */
import { readFileSync } from 'node:fs';

export interface Component {
  readonly type: string;
  /** Scope of an npm package. */
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly 'bom-ref': string;
}

/** The fields of CycloneDX that are used here; all others pass through. */
export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly components: readonly Component[];
}

const component = (type: string, name: string, version: string, purl: string): Component => ({
  'bom-ref': purl,
  ...{ type, name, version, purl },
});

/** Reads the installed packages from the text of dpkg's status file. */
export function debianComponents(status: string): Component[] {
  return status.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(paragraph)?.[1];
    if (field('Status')?.endsWith(' installed') !== true) return [];
    const [name, version, architecture] = [field('Package')!, field('Version')!, field('Architecture')!];
    const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
    return [component('library', name, version, purl)];
  });
}

/** Adds Node and the Debian packages to npm's SBOM. */
export function imageSbom(npm: Sbom, dpkgStatus: string, nodeVersion: string): Sbom {
  const node = component('platform', 'node', nodeVersion, `pkg:generic/node@${nodeVersion}`);
  return { ...npm, components: [...npm.components, node, ...debianComponents(dpkgStatus)] };
}

if (require.main === module) {
  const [npm, status] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8')) as [string, string];
  console.log(JSON.stringify(imageSbom(JSON.parse(npm) as Sbom, status, process.versions.node), null, 2));
}
