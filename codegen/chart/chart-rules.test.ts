// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import Type from 'typebox';
import { forbiddenConstructs } from './forbidden-constructs.ts';
import { unusedValues } from './unused-values.ts';
import { valueTree } from './value-tree.ts';
import { valuesTable } from './values-table.ts';
import { valuesYaml } from './values-yaml.ts';

const described = (description: string) => Type.String({ description, default: '' });
const tree = valueTree(
  Type.Object(
    {
      image: Type.Object(
        { tag: described('The tag.'), digest: described('The digest.') },
        { description: 'The image.' },
      ),
    },
    { description: 'All.' },
  ),
);

describe('the values of the chart', () => {
  it('are refused when one has no description', () => {
    const undocumented = Type.Object({ tag: Type.String({ default: '' }) }, { description: 'All.' });
    assert.throws(() => valueTree(undocumented), /tag: no description/);
  });

  it('are refused when one has neither a default nor members', () => {
    const withoutDefault = Type.Object({ tag: Type.String({ description: 'The tag.' }) }, { description: 'All.' });
    assert.throws(() => valueTree(withoutDefault), /tag: neither a default nor properties/);
  });

  it('are written with the comment above each', () => {
    assert.match(valuesYaml(tree), /\n# The image\.\nimage:\n {2}# The tag\.\n {2}tag: ""\n {2}# The digest\.\n/);
  });

  it('are listed by their full path', () => {
    assert.ok(valuesTable(tree).includes('| `image.digest` | `""` | The digest. |'));
  });

  it('are reported when no template reads them', () => {
    assert.deepEqual(unusedValues(tree, '{{ .Values.image.tag }}'), ['image.digest']);
    assert.deepEqual(unusedValues(tree, '{{ toYaml .Values.image }}'), []);
    assert.deepEqual(unusedValues(tree, '{{ .Values.image.tagged }}'), ['image.tag', 'image.digest']);
  });
});

describe('a template', () => {
  it('may not contain hooks, lookups or changing values', () => {
    assert.deepEqual(forbiddenConstructs('annotations: {"helm.sh/hook": pre-install}'), ['a hook']);
    assert.deepEqual(forbiddenConstructs('{{ $s := lookup "v1" "Secret" "ns" "name" }}'), ['lookup']);
    assert.deepEqual(forbiddenConstructs('{{ randAlphaNum 32 | b64enc }}'), ['a random or changing value']);
    assert.deepEqual(forbiddenConstructs('{{ now | date "2006" }}'), ['a random or changing value']);
  });

  it('may be a test', () => {
    assert.deepEqual(forbiddenConstructs('annotations:\n  helm.sh/hook: test\n'), []);
    assert.deepEqual(forbiddenConstructs('annotations:\n  helm.sh/hook: test, pre-install\n'), ['a hook']);
  });

  it('may use similar words', () => {
    assert.deepEqual(forbiddenConstructs('# known brands look up nothing now\n{{ .Values.brand }}'), []);
  });
});
