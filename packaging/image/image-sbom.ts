// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { sbom } from '../../codegen/packages/sbom.ts';
import { field, isObject, listField, stringField } from '../../src/json/fields.ts';
import type { NodeBinary } from '../node-binary.ts';
import { type DebianPackage, DEBIAN_RELEASE } from './debian-packages.ts';

export interface ImageContents {
  readonly debian: readonly DebianPackage[];
  readonly nodes: readonly NodeBinary[];
}

/** Describes what an image holds as SPDX 2.3: the npm packages, Node for each platform, and the packages of Debian. */
export async function imageSbom({ debian, nodes }: ImageContents, time: Date): Promise<Buffer> {
  const document: unknown = JSON.parse(await sbom());
  const application = stringField(listField(document, 'documentDescribes'), '0') ?? applicationOf(document);
  const added = [...debian.map(debianEntry), ...nodes.map(nodeEntry)];
  const packages = [...listField(document, 'packages'), ...added];
  const relationships = [
    ...listField(document, 'relationships'),
    ...added.map(({ SPDXID }) => ({
      spdxElementId: application,
      relatedSpdxElement: SPDXID,
      relationshipType: 'DEPENDS_ON',
    })),
  ];
  // npm names each document by chance; the same contents shall have the same name.
  const contents = createHash('sha256').update(JSON.stringify(packages)).digest('hex');
  return Buffer.from(
    `${JSON.stringify({
      ...(isObject(document) ? document : {}),
      documentNamespace: `https://hallmark.dev/spdx/image-${contents}`,
      creationInfo: { ...asObject(field(document, 'creationInfo')), created: time.toISOString().replace('.000Z', 'Z') },
      packages,
      relationships,
    })}\n`,
  );
}

function applicationOf(document: unknown): string {
  const describes = listField(document, 'relationships').find(
    (entry) => stringField(entry, 'relationshipType') === 'DESCRIBES',
  );
  return stringField(describes, 'relatedSpdxElement') ?? 'SPDXRef-DOCUMENT';
}

function debianEntry({ name, version, architecture, sha256 }: DebianPackage) {
  const encoded = encodeURIComponent(name);
  const qualifiers = `arch=${architecture}&distro=debian-${DEBIAN_RELEASE.version}`;
  return entry({
    id: `SPDXRef-Debian-${name}-${architecture}`,
    name,
    version,
    checksum: { algorithm: 'SHA256', checksumValue: sha256 },
    purl: `pkg:deb/debian/${encoded}@${encodeURIComponent(version)}?${qualifiers}`,
    licence: 'NOASSERTION',
  });
}

function nodeEntry({ version, source: { name, sha512 } }: NodeBinary) {
  return entry({
    id: `SPDXRef-Node-${name}`,
    name,
    version,
    checksum: { algorithm: 'SHA512', checksumValue: sha512 },
    purl: `pkg:npm/${name}@${version}`,
    licence: 'MIT',
  });
}

interface Entry {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly checksum: { readonly algorithm: string; readonly checksumValue: string };
  readonly purl: string;
  readonly licence: string;
}

function entry({ id, name, version, checksum, purl, licence }: Entry) {
  return {
    name,
    // Other characters are not allowed in an id.
    SPDXID: id.replaceAll(/[^A-Za-z0-9.-]/g, '-'),
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseDeclared: licence,
    checksums: [checksum],
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  };
}

function asObject(value: unknown): object {
  return isObject(value) ? value : {};
}
