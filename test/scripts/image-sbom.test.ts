import { debianComponents, imageSbom } from '../../scripts/image-sbom';

const STATUS = `Package: libstdc++6
Status: install ok installed
Architecture: amd64
Version: 12.2.0-14+deb12u1
Description: library
 Version: of a description

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: tzdata
Status: install ok installed
Architecture: all
Version: 1:2024b-0
`;

test('installed Debian packages get package URLs, and removed ones are left out', () => {
  expect(debianComponents(STATUS)).toEqual([
    {
      'bom-ref': 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64',
      type: 'library',
      name: 'libstdc++6',
      version: '12.2.0-14+deb12u1',
      purl: 'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64',
    },
    expect.objectContaining({ purl: 'pkg:deb/debian/tzdata@1%3A2024b-0?arch=all' }),
  ]);
});

test('the SBOM of the container image keeps npm’s components and adds Node and the Debian packages', () => {
  const express = {
    'bom-ref': 'express@5',
    type: 'library',
    name: 'express',
    version: '5',
    purl: 'pkg:npm/express@5',
  };
  const npm = { bomFormat: 'CycloneDX', specVersion: '1.5', components: [express] } as const;
  const { components, ...rest } = imageSbom(npm, STATUS, '22.1.0');
  expect(rest).toEqual({ bomFormat: 'CycloneDX', specVersion: '1.5' });
  expect(components.map(({ name }) => name)).toEqual(['express', 'node', 'libstdc++6', 'tzdata']);
});
