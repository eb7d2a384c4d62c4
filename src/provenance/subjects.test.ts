// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { attested, byProductsOf, materialsOf } from './attested.fixture.ts';
import { DigestEntries } from './digest-entries.ts';

const hex = '3'.repeat(64);
const other = '4'.repeat(64);
const digest = `sha256:${hex}`;

function results(...pairs: readonly (readonly [string, unknown])[]) {
  return { metadata: { name: 't', uid: 'u' }, status: { results: pairs.map(([name, value]) => ({ name, value })) } };
}

function subjectNames(run: unknown, format: 'slsa/v1' | 'slsa/v2alpha4'): readonly string[] {
  return attested(run, { format }).subjects.map(({ name }) => name);
}

describe('subjects', () => {
  const image = results(['aIMAGE_URL', ' reg.example/app:v1\n'], ['aIMAGE_DIGEST', ` ${digest} `]);
  const uri = results(['aARTIFACT_URI', 'pkg:a'], ['aARTIFACT_DIGEST', `sha1:${'5'.repeat(40)}`]);
  const output = results(['aARTIFACT_OUTPUTS', { uri: 'pkg:a', digest }]);
  const build = results(['aARTIFACT_OUTPUTS', { uri: 'reg.example/app:v1', digest, isBuildArtifact: 'true' }]);

  it('include images named by URL and digest in every format', () => {
    assert.deepEqual(subjectNames(image, 'slsa/v1'), ['reg.example/app']);
    assert.deepEqual(subjectNames(image, 'slsa/v2alpha4'), ['reg.example/app']);
  });

  it('take the last of repeated halves, and ignore blank ones', () => {
    const repeated = results(
      ['IMAGE_URL', 'reg.example/first'],
      ['IMAGE_URL', 'reg.example/last'],
      ['IMAGE_URL', ' \n'],
      ['IMAGE_DIGEST', digest],
    );
    assert.deepEqual(subjectNames(repeated, 'slsa/v1'), ['reg.example/last']);
  });

  it('include other artifacts only in the older formats; in slsa/v2alpha4 those are by-products', () => {
    assert.deepEqual(subjectNames(uri, 'slsa/v1'), ['pkg:a']);
    assert.deepEqual(subjectNames(output, 'slsa/v1'), ['pkg:a']);
    assert.deepEqual(subjectNames(uri, 'slsa/v2alpha4'), []);
    assert.deepEqual(subjectNames(output, 'slsa/v2alpha4'), []);
    const names = (run: unknown) => byProductsOf(attested(run)).map(([name]) => name);
    assert.deepEqual(names(uri), ['taskRunResults/t/aARTIFACT_URI', 'taskRunResults/t/aARTIFACT_DIGEST']);
    assert.deepEqual(names(output), ['taskRunResults/t/aARTIFACT_OUTPUTS']);
  });

  it('name a build artifact unchanged and as an image', () => {
    assert.deepEqual(subjectNames(build, 'slsa/v1'), ['reg.example/app', 'reg.example/app:v1']);
    assert.deepEqual(subjectNames(build, 'slsa/v2alpha4'), ['reg.example/app:v1', 'reg.example/app']);
    assert.deepEqual(byProductsOf(attested(build)), []);
  });

  const ignored: Readonly<Record<string, ReturnType<typeof results>>> = {
    'a URL without a digest': results(['IMAGE_URL', 'reg.example/app']),
    'a digest that is not sha256': results(['IMAGE_URL', 'reg.example/app'], ['IMAGE_DIGEST', `sha512:${hex}${hex}`]),
    'a URL that holds a digest': results(['IMAGE_URL', `reg.example/app@${digest}`], ['IMAGE_DIGEST', digest]),
    'markers that differ': results(['aIMAGE_URL', 'reg.example/app'], ['bIMAGE_DIGEST', digest]),
    'IMAGES of another type': results(['IMAGES', [`reg.example/app@${digest}`]]),
    'a name that only ends in IMAGES': results(['fooIMAGES', `reg.example/app@${digest}`]),
    'outputs given as text': results(['ARTIFACT_OUTPUTS', JSON.stringify({ uri: 'pkg:a', digest })]),
    'upper-case hex': results(['ARTIFACT_OUTPUTS', { uri: 'pkg:a', digest: `sha256:${'A'.repeat(64)}` }]),
  };
  for (const [what, run] of Object.entries(ignored)) {
    it(`leave out ${what}`, () => {
      assert.deepEqual(subjectNames(run, 'slsa/v1'), []);
      assert.deepEqual(subjectNames(run, 'slsa/v2alpha4'), []);
    });
  }

  it('include step results only in slsa/v2alpha4', () => {
    const step = {
      name: 's',
      imageID: `i@${digest}`,
      results: [{ name: 'IMAGES', value: `reg.example/step@${digest}` }],
    };
    const run = { status: { steps: [step] } };
    assert.deepEqual(subjectNames(run, 'slsa/v2alpha4'), ['reg.example/step']);
    assert.deepEqual(subjectNames(run, 'slsa/v1'), []);
  });

  it("take Tekton's native artifacts: build outputs as subjects, inputs as materials", () => {
    const value = (name: string, algorithm: string, hash: string) => ({ uri: name, digest: { [algorithm]: hash } });
    const artifacts = {
      inputs: [{ name: 'source', values: [value('git:a', 'sha256', hex)] }],
      outputs: [
        {
          name: 'image',
          buildOutput: true,
          values: [value('pkg:oci/a', 'sha256', hex), value('pkg:bad', 'sha256', 'x')],
        },
        { name: 'log', values: [value('pkg:log', 'sha256', hex)] },
      ],
    };
    const steps = [
      {
        name: 's',
        imageID: `i@${digest}`,
        inputs: [{ values: [value('git:b', 'gitCommit', 'abc')] }],
        outputs: [{ buildOutput: true, values: [value('pkg:oci/b', 'sha256', other)] }],
      },
    ];
    const run = { metadata: { name: 't' }, status: { artifacts, steps } };
    for (const format of ['slsa/v1', 'slsa/v2alpha3', 'slsa/v2alpha4'] as const) {
      const stated = attested(run, { format });
      assert.deepEqual(stated.subjects, [
        { name: 'pkg:oci/a', digest: { sha256: hex } },
        { name: 'pkg:oci/b', digest: { sha256: other } },
      ]);
      const text = JSON.stringify(materialsOf(stated));
      assert.match(text, /"uri":"git:a"/);
      assert.match(text, /"gitCommit":"abc"/);
    }
  });
});

describe('merging', () => {
  function merged(...entries: readonly (readonly [string, Readonly<Record<string, string>>])[]) {
    const list = new DigestEntries();
    list.addAll(entries.map(([name, digests]) => ({ name, digest: digests })));
    return list.entries;
  }

  it('joins entries that share name and a digest', () => {
    assert.deepEqual(merged(['a', { x: '1' }], ['a', { x: '1', y: '2' }], ['a', { y: '2', z: '3' }]), [
      { name: 'a', digest: { x: '1', y: '2', z: '3' } },
    ]);
  });

  it('overwrites digests of the same algorithm', () => {
    const entries = merged(['a', { x: '1', y: '1' }], ['a', { x: '1', y: '2' }], ['a', { y: '1' }], ['a', { y: '2' }]);
    assert.deepEqual(entries, [
      { name: 'a', digest: { x: '1', y: '2' } },
      { name: 'a', digest: { y: '1' } },
    ]);
  });

  it('keeps entries apart that share only a name or only a digest', () => {
    const entries = merged(
      ['a', { x: '1' }],
      ['a', { x: '2' }],
      ['b', { x: '1' }],
      ['__proto__', { ['__proto__']: '1' }],
    );
    assert.equal(entries.length, 4);
  });

  it('takes linear time', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ['a', { x: String(index) }] as const);
    assert.equal(merged(...many, ...many).length, 20_000);
  });
});
