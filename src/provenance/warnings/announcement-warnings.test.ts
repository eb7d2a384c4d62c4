// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { warningKindOf } from '../../api/v1alpha1/warning.ts';
import { attested } from '../attested.fixture.ts';
import type { AttestedOptions } from '../attested.fixture.ts';

const hex = '1'.repeat(64);
const digest = `sha256:${hex}`;
type Results = readonly (readonly [name: string, value: unknown])[];

const named = (entries: Results) => entries.map(([name, value]) => ({ name, value }));

function warnings(results: Results, options: AttestedOptions = {}): readonly string[] {
  return attested({ metadata: { name: 'bake-1' }, status: { results: named(results) } }, options).warnings;
}

interface Case {
  readonly results: Results;
  readonly kind?: string;
  /** The value and the remedy in the warning. */
  readonly says: RegExp;
  readonly count?: number;
}

const image = (url: unknown, imageDigest: unknown = digest): Results => [
  ['IMAGE_URL', url],
  ['IMAGE_DIGEST', imageDigest],
];
const output = (value: unknown): Results => [['pkg-ARTIFACT_OUTPUTS', value]];

const cases: Readonly<Record<string, Case>> = {
  'a URL without a digest': { results: [['aIMAGE_URL', 'reg.example/app']], says: /"aIMAGE_DIGEST" has no value/ },
  'a digest without a URL': { results: [['IMAGE_DIGEST', digest]], says: /"IMAGE_URL" has no value: write both/ },
  'a digest that is blank': { results: image('reg.example/app', ' \n'), says: /"IMAGE_DIGEST" has no value/ },
  'a list of URLs': {
    results: image(['reg.example/a1', 'reg.example/b1']),
    says: /"IMAGE_URL" .* is a list: write one/,
  },
  'lists of both, as a matrix makes them': { results: image(['r.x/a'], [digest]), says: /is a list/, count: 2 },
  'an object': { results: image({ url: 'reg.example/app' }), says: /is an object/ },
  'a bare digest': { results: image('reg.example/app', hex), says: /does not begin with its algorithm/ },
  'a digest cut short': { results: image('reg.example/app', 'sha256:1234'), says: /has 4 digits, and sha256 has 64/ },
  'a sha512 digest': { results: image('reg.example/app', `sha512:${hex}${hex}`), says: /not one of sha256/ },
  'upper-case digits': {
    results: image('reg.example/app', `sha256:${'A'.repeat(64)}`),
    says: /lower-case hexadecimal/,
  },
  'a name with a digest': { results: image(`reg.example/app@${digest}`), says: /write the name without it/ },
  'white space in a name': { results: image('reg.example/my app'), says: /the name contains white space/ },
  'an upper-case name': { results: image('reg.example/App1'), says: /are lower case/ },
  'an https URL': {
    results: image('https://reg.example/team/app1'),
    kind: 'HintMalformed',
    says: /has no scheme: write "reg\.example\/team\/app1"/,
  },
  'a docker URL in IMAGES': {
    results: [['IMAGES', `docker://reg.example/app1@${digest}`]],
    kind: 'HintMalformed',
    says: /has no scheme: write "reg\.example\/app1"/,
  },
  'a host with quotes': { results: image('a"b.example/x/y'), kind: 'HintMalformed', says: /no registry can hold/ },
  'a tag in IMAGES': { results: [['IMAGES', `r.x/a1@${digest},r.x/b1:v2`]], says: /"r\.x\/b1:v2": it has no digest/ },
  'IMAGES apart by semicolons': {
    results: [['IMAGES', `r.x/a1@${digest};r.x/b1@${digest}`]],
    says: /more than one "@"; .*separated by commas/,
  },
  'IMAGES apart by blanks': { results: [['IMAGES', `r.x/a1@${digest} r.x/b1@${digest}`]], says: /more than one "@"/ },
  'IMAGES as a list': { results: [['IMAGES', [`r.x/a1@${digest}`]]], says: /"IMAGES" .* is a list: .* in one string/ },
  'IMAGES as JSON': { results: [['IMAGES', `["r.x/a1@${digest}"]`]], says: /a list in a string/ },
  'two bad entries': { results: [['IMAGES', 'r.x/a1:v1,r.x/b1:v1']], says: /"r\.x\/a1:v1"/, count: 2 },
  'an artifact URI alone': { results: [['ARTIFACT_URI', 'pkg:a']], says: /"ARTIFACT_DIGEST" has no value/ },
  'an artifact with a bad digest': {
    results: [
      ['ARTIFACT_URI', 'pkg:a'],
      ['ARTIFACT_DIGEST', 'md5:1'],
    ],
    says: /the algorithm of the digest is not one of/,
  },
  'outputs as a list': { results: output(['pkg:npm/x', digest]), says: /it is a list and not an object/ },
  'outputs as JSON': {
    results: output(JSON.stringify({ uri: 'pkg:a', digest })),
    says: /it is a string and not an object/,
  },
  'outputs without a URI': { results: output({ digest }), says: /its uri is missing/ },
  'outputs without a digest': { results: output({ uri: 'pkg:a' }), says: /"pkg:a": the digest is missing/ },
  'outputs whose flag is True': {
    results: output({ uri: 'pkg:a', digest, isBuildArtifact: 'True' }),
    says: /isBuildArtifact is "True", and only "true"/,
  },
  'inputs as a string': {
    results: [['x-ARTIFACT_INPUTS', 'git:a']],
    kind: 'InputIgnored',
    says: /it is a string and not an object/,
  },
  'inputs with a bad digest': {
    results: [['ARTIFACT_INPUTS', { uri: 'git:a', digest: 'sha1:main' }]],
    kind: 'InputIgnored',
    says: /has 4 digits, and sha1 has 40/,
  },
  'a git URL without a commit': {
    results: [['CHAINS-GIT_URL', 'https://git.example/a']],
    kind: 'InputIgnored',
    says: /"CHAINS-GIT_COMMIT" has no value: give both/,
  },
  'a git commit that is a list': { results: [['CHAINS-GIT_COMMIT', ['a']]], kind: 'InputIgnored', says: /is a list/ },
};

describe('an unreadable announcement', () => {
  for (const [what, { results, kind = 'HintIgnored', says, count = 1 }] of Object.entries(cases)) {
    it(`is reported: ${what}`, () => {
      for (const format of ['slsa/v2alpha4', 'slsa/v1', 'slsa/v2alpha3'] as const) {
        const messages = warnings(results, { format });
        assert.deepEqual(
          messages.map(warningKindOf),
          Array.from({ length: count }, () => kind),
          messages.join('\n'),
        );
        assert.match(messages[0] ?? '', says);
        assert.match(messages[0] ?? '', /TaskRun bake-1/);
      }
    });
  }

  const sound: Readonly<Record<string, Results>> = {
    'a pair': image('reg.example:5000/app:v1\n'),
    'a blank pair': image('', ' '),
    'a blank list': [['IMAGES', '\n,\n']],
    'no value': [['IMAGE_URL', null]],
    'IMAGES with line ends of Windows': [['IMAGES', `r.x/a1@${digest}\r\nr.x/b1@${digest}\r\n`]],
    'a host with an IPv6 address': [['IMAGES', `[::1]:5000/app1@${digest}`]],
    'an artifact': [
      ['ARTIFACT_URI', 'pkg:a'],
      ['ARTIFACT_DIGEST', `sha1:${'a'.repeat(40)}`],
    ],
    'outputs, marked, not marked, and marked not to be': [
      ['aARTIFACT_OUTPUTS', { uri: 'pkg:a', digest, isBuildArtifact: 'true' }],
      ['bARTIFACT_OUTPUTS', { uri: 'pkg:b', digest }],
      ['cARTIFACT_OUTPUTS', { uri: 'pkg:c', digest, isBuildArtifact: 'false' }],
      ['dARTIFACT_OUTPUTS', { uri: '', digest: '' }],
    ],
    'git source and inputs': [
      ['CHAINS-GIT_URL', 'https://git.example/a'],
      ['CHAINS-GIT_COMMIT', 'a'.repeat(40)],
      ['ARTIFACT_INPUTS', { uri: 'git:a', digest }],
    ],
    'names that are no hints': [
      ['fooIMAGES', 'x'],
      ['image_url', 'y'],
    ],
  };
  for (const [what, results] of Object.entries(sound)) {
    it(`is not reported for ${what}`, () => {
      for (const format of ['slsa/v2alpha4', 'slsa/v1'] as const) assert.deepEqual(warnings(results, { format }), []);
    });
  }

  it('is reported in steps, also when the format does not read steps', () => {
    const step = (results: Results) => ({ name: 's', imageID: `i@${digest}`, results: named(results) });
    const run = (results: Results) => ({ metadata: { name: 't' }, status: { steps: [step(results)] } });
    assert.match(attested(run([['IMAGE_URL', 'r.x/a1']])).warnings.join(), /^HintIgnored: .* of step "s" of TaskRun t/);
    const unread = attested(run(image('r.x/a1')), { format: 'slsa/v1' }).warnings;
    assert.match(unread.join(), /^HintIgnored: step "s" .* "r\.x\/a1@sha256:1+": the format slsa\/v1 does not read/);
    const both = { ...run(image('r.x/a1')).status, results: named(image('r.x/a1')) };
    assert.deepEqual(attested({ metadata: { name: 't' }, status: both }, { format: 'slsa/v1' }).warnings, []);
  });

  it('is reported in native artifacts', () => {
    const values = [{ uri: 'pkg:a', digest: { sha256: 'x' } }, { uri: '', digest: { sha256: hex } }, { uri: 'pkg:b' }];
    const artifacts = { outputs: [{ name: 'o', buildOutput: true, values }], inputs: [{ name: 'i', values }] };
    const messages = attested({ metadata: { name: 't' }, status: { artifacts } }).warnings;
    const kinds = [
      'ArtifactIgnored',
      'ArtifactIgnored',
      'ArtifactIgnored',
      'InputIgnored',
      'InputIgnored',
      'InputIgnored',
    ];
    assert.deepEqual(messages.map(warningKindOf), kinds);
    assert.match(messages[0] ?? '', /output "o" of TaskRun t, "pkg:a": the digest has 1 digits/);
  });

  it('is reported in TaskRuns only under deep inspection, and in the PipelineRun always', () => {
    const child = {
      kind: 'TaskRun',
      metadata: { name: 'c', labels: { 'tekton.dev/pipelineTask': 't' } },
      status: { completionTime: '2026-01-01T00:00:00Z', results: named([['IMAGE_URL', 'r.x/a1']]) },
    };
    const status = {
      pipelineSpec: { tasks: [{ name: 't' }] },
      childReferences: [{ kind: 'TaskRun', name: 'c' }],
      results: named([['IMAGES', ['r.x/b1']]]),
    };
    const run = { kind: 'PipelineRun', metadata: { name: 'p' }, status };
    const kinds = (deepInspection: boolean) => attested(run, { children: [child], deepInspection }).warnings.length;
    assert.deepEqual([kinds(false), kinds(true)], [1, 2]);
  });

  it('is quoted without credentials, shortened and on one line', () => {
    const [first = ''] = warnings([['IMAGE_URL', `https://bob:tok3n@reg.example/\u001b[31m\n${'x'.repeat(500)}`]]);
    assert.doesNotMatch(first, /tok3n|[\u0000-\u001f]/);
    assert.match(first, /"https:\/\/reg\.example\//);
    assert.ok(first.length < 400);
    assert.doesNotMatch(warnings([['IMAGES', 'bob:tok3n@reg.example/app']]).join(), /tok3n/);
  });

  it('is bounded in number', () => {
    const many = Array.from({ length: 500 }, (_, index) => `r.x/a${index}:v1`).join(',');
    const messages = warnings([['IMAGES', many]]);
    assert.equal(messages.length, 64);
    assert.equal(messages.at(-1), 'More: 437 further warnings are not listed');
  });
});

describe('a malformed entry that is signed unchanged', () => {
  const git = (url: string, commit: string): Results => [
    ['CHAINS-GIT_URL', url],
    ['CHAINS-GIT_COMMIT', commit],
  ];
  const sha1 = 'd'.repeat(40);
  const malformed: Readonly<Record<string, readonly [Results, string, RegExp]>> = {
    'an scp-like git URL': [git('git@git.example:a/b.git', sha1), 'UriMalformed', /"git\+git@git\.example:a\/b\.git"/],
    'a git URL with white space': [git(' https://git.example/a\n', sha1), 'UriMalformed', /white space/],
    'a git URL with a fragment': [git('https://git.example/a.git#main', sha1), 'UriMalformed', /a query or a fragment/],
    'a git URL with a slash at its end': [git('https://git.example/a/', sha1), 'UriMalformed', /ends in "\/"/],
    'a commit without a URL': [git('', sha1), 'UriMalformed', /"git\+\.git"/],
    'a branch for a commit': [git('https://git.example/a', 'main'), 'DigestMalformed', /"main" under "sha1"/],
    'a SHA-256 under sha1': [git('https://git.example/a', hex), 'DigestMalformed', /not 40 digits/],
    'an input without a scheme': [
      [['ARTIFACT_INPUTS', { uri: 'reg.example/base', digest }]],
      'UriMalformed',
      /begins with a scheme/,
    ],
    'an algorithm in upper case': [
      [['ARTIFACT_OUTPUTS', { uri: 'pkg:a', digest: `SHA256:${hex}`, isBuildArtifact: 'true' }]],
      'DigestMalformed',
      /under "SHA256"/,
    ],
    'white space in an output': [
      [['ARTIFACT_OUTPUTS', { uri: 'pkg:a\n', digest: `${digest}\n`, isBuildArtifact: 'true' }]],
      'UriMalformed',
      /white space/,
    ],
  };
  for (const [what, [results, kind, says]] of Object.entries(malformed)) {
    it(`is reported: ${what}`, () => {
      const messages = warnings(results);
      assert.equal(warningKindOf(messages[0] ?? ''), kind, messages.join('\n'));
      assert.match(messages[0] ?? '', says);
      assert.doesNotMatch(messages.join(), /Ignored/);
    });
  }

  it('is reported in the origin of a task', () => {
    const provenance = { refSource: { uri: 'reg.example/tasks', digest: { sha1: 'main' } } };
    for (const format of ['slsa/v2alpha4', 'slsa/v1'] as const) {
      const messages = attested({ metadata: { name: 't' }, status: { provenance } }, { format }).warnings;
      assert.deepEqual(messages.map(warningKindOf), ['UriMalformed', 'DigestMalformed'], format);
    }
  });
});

describe('a task whose steps do not match its definition', () => {
  it('is reported as missing from buildConfig', () => {
    const child = {
      kind: 'TaskRun',
      metadata: { name: 'c', labels: { 'tekton.dev/pipelineTask': 't' } },
      status: { completionTime: '2026-01-01T00:00:00Z', taskSpec: { steps: [{ name: 'a' }, { name: 'b' }] } },
    };
    const status = { pipelineSpec: { tasks: [{ name: 't' }] }, childReferences: [{ kind: 'TaskRun', name: 'c' }] };
    const run = { kind: 'PipelineRun', metadata: { name: 'p' }, status };
    const text =
      'TaskOmitted: task "t" (TaskRun c) is not in buildConfig: its 0 steps do not match the 2 of its definition';
    assert.deepEqual(attested(run, { children: [child], format: 'slsa/v1' }).warnings, [text]);
    assert.deepEqual(attested(run, { children: [child] }).warnings, []);
  });
});
