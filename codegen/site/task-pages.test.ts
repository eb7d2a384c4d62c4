// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { field } from '../../src/json/fields.ts';
import { policyKms } from '../../src/api/v1alpha1/signing-policy/policy-kms.ts';
import { policySigner } from '../../src/api/v1alpha1/signing-policy/policy-signer.ts';
import { backendTypes } from '../../src/api/v1alpha1/storage-backend/backend-spec.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const stores = read('docs/stores/README.md');
const signers = read('docs/signers.md');
/** The schemes that the schema of keys in services accepts. */
const schemes = new Set(
  [...JSON.stringify(policyKms.properties.uri).matchAll(/\b([a-z]+):\/\//g)].map(([, scheme = '']) => scheme),
);
const clouds = globSync('docs/clouds/*.md', { cwd: root }).map((path) => ({ path, text: read(path) }));

describe('the pages about tasks', () => {
  for (const type of backendTypes)
    it(`have one with the sample of stores of type ${type}`, () => {
      const [, page = ''] = new RegExp(`^\\| \\[\`${type}\`\\]\\((\\w+\\.md)\\)`, 'm').exec(stores) ?? [];
      const [, path = '', shown = ''] =
        /^```yaml\n# (samples\/\S+)\n([^]*?)^```$/m.exec(read(join('docs', 'stores', page))) ?? [];
      const specs = parseAllDocuments(read(path)).map((document) => field(document.toJS(), 'spec'));
      const sample = specs.find((spec) => field(spec, 'type') === type);
      assert.ok(sample !== undefined);
      assert.deepEqual(field(parse(shown), 'spec'), sample);
    });

  for (const scheme of schemes)
    it(`have one with the permissions and the sample of keys in ${scheme}://`, () => {
      const own = clouds.filter(({ text }) => text.includes(`${scheme}://`));
      assert.equal(own.length, 1);
      const text = own[0]?.text ?? '';
      assert.match(text, /^Minimum permissions/m);
      const [, folder = ''] = /^# samples\/(team-a\/kms-\w+)\/$/m.exec(text) ?? [];
      assert.match(read(join('samples', folder, '20-signing-policy.yaml')), /^ {6}uri: \w+:\/\//m);
    });

  for (const type of policySigner.properties.type.enum)
    it(`have a section about signers of type ${type}, and an example`, () => {
      assert.match(signers, new RegExp(`^## .*\\(\`type: ${type}\`\\)$`, 'm'));
      assert.match(signers, new RegExp(`^ *type: ${type}$`, 'm'));
    });

  it('know five kinds of keys in services', () => {
    assert.equal(schemes.size, 5);
  });
});
