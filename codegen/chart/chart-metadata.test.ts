// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { kinds } from '../../src/api/v1alpha1/kinds.ts';
import { field, listField, objectField, stringField } from '../../src/json/fields.ts';

const chart = join(import.meta.dirname, '..', '..', 'helm', 'hallmark');
const text = readFileSync(join(chart, 'Chart.yaml'), 'utf8');
const metadata: unknown = parse(text);
const annotation = (name: string): readonly unknown[] => {
  const value = stringField(objectField(metadata, 'annotations'), `artifacthub.io/${name}`) ?? '';
  const parsed: unknown = parse(value);
  return listField({ parsed }, 'parsed');
};

describe('the metadata of the chart', () => {
  it('has the icon of the chart', () => {
    const icon = readFileSync(join(chart, 'icon.svg')).toString('base64');
    assert.equal(field(metadata, 'icon'), `data:image/svg+xml;base64,${icon}`);
  });

  it('names no address on the web, because nothing is published', () => {
    assert.doesNotMatch(text, /https?:/);
  });

  it('lists every kind with the name of its CRD', () => {
    const listed = annotation('crds').map((crd) => [field(crd, 'kind'), field(crd, 'name')]);
    const all = Object.entries(kinds).map(([kind, { plural }]) => [kind, `${plural}.hallmark.dev`]);
    assert.deepEqual(listed.toSorted(), all.toSorted());
    assert.equal(readdirSync(join(chart, 'templates', 'crds')).length, all.length);
  });

  it('describes its changes in the kinds that Artifact Hub knows', () => {
    const changes = annotation('changes');
    assert.ok(changes.length > 0);
    for (const change of changes) {
      assert.match(stringField(change, 'kind') ?? '', /^(added|changed|deprecated|removed|fixed|security)$/);
      assert.notEqual(stringField(change, 'description') ?? '', '');
    }
  });
});
