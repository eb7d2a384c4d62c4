// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { field, listField, stringField } from '../../src/json/fields.ts';
import { productionPackages } from './production-packages.ts';
import { sbom } from './sbom.ts';

const root = join(import.meta.dirname, '..', '..');
const text = (value: unknown, name: string): string => stringField(value, name) ?? '';

describe('the SBOM of the image', () => {
  let document: unknown;
  let packages: readonly unknown[];
  before(async () => {
    document = JSON.parse(await sbom());
    packages = listField(document, 'packages');
  });

  it('is a document of SPDX 2.3 with everything that the specification requires', () => {
    assert.equal(field(document, 'spdxVersion'), 'SPDX-2.3');
    assert.equal(field(document, 'dataLicense'), 'CC0-1.0');
    assert.equal(field(document, 'SPDXID'), 'SPDXRef-DOCUMENT');
    assert.match(text(document, 'name'), /^@hallmark-dev\/cli@/);
    assert.match(text(document, 'documentNamespace'), /^https?:\/\/\S+$/);
    const creation = field(document, 'creationInfo');
    assert.match(text(creation, 'created'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    assert.match(String(listField(creation, 'creators')[0]), /^Tool: npm/);
    assert.equal(new Set(packages.map((entry) => text(entry, 'SPDXID'))).size, packages.length);
    for (const entry of packages) {
      assert.match(text(entry, 'SPDXID'), /^SPDXRef-[A-Za-z0-9.-]+$/);
      for (const name of ['name', 'downloadLocation', 'licenseDeclared']) assert.notEqual(text(entry, name), '', name);
    }
  });

  it('relates packages that it holds, each from the application on', () => {
    const ids = new Set(['SPDXRef-DOCUMENT', ...packages.map((entry) => text(entry, 'SPDXID'))]);
    const relationships = listField(document, 'relationships');
    const ends = relationships.flatMap((entry) => [text(entry, 'spdxElementId'), text(entry, 'relatedSpdxElement')]);
    assert.deepEqual(
      ends.filter((id) => !ids.has(id)),
      [],
    );
    const related = new Set(ends);
    assert.deepEqual(
      [...ids].filter((id) => !related.has(id)),
      [],
    );
  });

  it('lists every package of production of the lock file with its version and checksum, and no other', () => {
    const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const wanted = productionPackages(lock).map(({ name, version }) => `${name}@${version}`);
    const found = packages.filter((entry) => text(entry, 'name') !== '@hallmark-dev/cli');
    const listed = found.map((entry) => `${text(entry, 'name')}@${text(entry, 'versionInfo')}`);
    assert.ok(wanted.length > 100);
    assert.deepEqual([...new Set(listed)].toSorted(), [...new Set(wanted)].toSorted());
    for (const entry of found) {
      const [checksum] = listField(entry, 'checksums');
      assert.equal(text(checksum, 'algorithm'), 'SHA512', text(entry, 'name'));
      assert.match(text(checksum, 'checksumValue'), /^[0-9a-f]{128}$/);
    }
  });
});
