// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { field, isObject, listField } from '../../json/fields.ts';
import { readGolden } from '../../provenance/golden-cases.fixture.ts';
import { commandInProcess, type Ended } from '../command-in-process.fixture.ts';
import { previewCommand } from './preview.ts';

const hallmark = fileURLToPath(new URL('../../../bin/hallmark', import.meta.url));

function preview(...args: readonly string[]): Promise<Ended> {
  return commandInProcess(previewCommand(), args);
}

function previewProcess(args: readonly string[], input = ''): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [hallmark, 'preview', ...args], {
    input,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

const digest = `sha256:${'3'.repeat(64)}`;
const taskRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'bake-1', namespace: 'team-a', uid: 'u1' },
  spec: { params: [{ name: 'flavour', value: 'rye' }], timeout: '60m' },
  status: {
    conditions: [{ type: 'Succeeded', status: 'True' }],
    results: [
      { name: 'IMAGE_URL', value: 'reg.example/bread' },
      { name: 'IMAGE_DIGEST', value: digest },
    ],
  },
};
const pipelineRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'ship-7', namespace: 'team-a', uid: 'p1' },
  spec: {},
  status: {
    conditions: [{ type: 'Succeeded', status: 'True' }],
    pipelineSpec: { tasks: [{ name: 'bake' }] },
    childReferences: [{ apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'bake-1', pipelineTaskName: 'bake' }],
  },
};
const policy = {
  apiVersion: 'hallmark.dev/v1alpha1',
  kind: 'SigningPolicy',
  metadata: { name: 'p', namespace: 'team-b' },
  spec: {
    selector: { matchLabels: { never: 'there' } },
    attestation: { format: 'slsa/v1', builderID: 'https://builder.example', redactParameters: ['flavour'] },
    imageSignatures: { formats: [] },
    signer: { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } },
  },
};

describe('hallmark preview', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-preview-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: unknown): string {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  function entries({ code, out, err }: Ended): readonly unknown[] {
    assert.equal(code, 0, err);
    assert.equal(err, '');
    const parsed: unknown = JSON.parse(out);
    assert.ok(Array.isArray(parsed));
    return parsed;
  }

  it('prints the attestation and the image signature of a TaskRun', async () => {
    const [attestation, image, ...rest] = entries(await preview('-f', file('run.json', taskRun)));
    assert.deepEqual(rest, []);
    assert.deepEqual(isObject(attestation) && Object.keys(attestation), [
      'run',
      'type',
      'payloadType',
      'payload',
      'subjects',
    ]);
    assert.deepEqual(field(attestation, 'run'), { kind: 'TaskRun', namespace: 'team-a', name: 'bake-1' });
    assert.equal(field(attestation, 'type'), 'Attestation');
    assert.equal(field(attestation, 'payloadType'), 'application/vnd.in-toto+json');
    const subjects = [{ name: 'reg.example/bread', digest: { sha256: '3'.repeat(64) } }];
    assert.deepEqual(field(attestation, 'subjects'), subjects);
    const statement: unknown = JSON.parse(String(field(attestation, 'payload')));
    assert.equal(field(statement, 'predicateType'), 'https://slsa.dev/provenance/v1');
    assert.equal(field(image, 'type'), 'ImageSignature');
    assert.equal(
      field(image, 'payload'),
      `{"critical":{"identity":{"docker-reference":"reg.example/bread"},"image":{"docker-manifest-digest":"${digest}"},"type":"cosign container image signature"},"optional":null}`,
    );
  });

  it('takes the runs of every -f, of standard input, of many documents and of Lists', () => {
    const yaml =
      'apiVersion: tekton.dev/v1\nkind: TaskRun\nmetadata: {name: a}\n---\n---\nkind: TaskRun\nmetadata: {name: b}\n';
    const list = { kind: 'List', items: [{ kind: 'TaskRun', metadata: { name: 'c' } }] };
    const jsons = `{"kind":"TaskRun","metadata":{"name":"d"}}\n{"kind":"TaskRun","metadata":{"name":"e}"}}`;
    const args = ['-f', file('two.yaml', yaml), '-f', file('list.json', list), '-f', '-'];
    const names = entries(previewProcess(args, jsons)).map((entry) => field(field(entry, 'run'), 'name'));
    assert.deepEqual(names, ['a', 'b', 'c', 'd', 'e}']);
  });

  it('counts a TaskRun that a given PipelineRun refers to as its child only', async () => {
    const other = { ...taskRun, metadata: { ...taskRun.metadata, name: 'other' } };
    const args = [
      '--deep-inspection',
      '-f',
      file('t.json', taskRun),
      '-f',
      file('p.json', pipelineRun),
      '-f',
      file('o.json', other),
    ];
    const done = { ...taskRun, status: { ...taskRun.status, completionTime: '2025-01-01T00:00:00Z' } };
    file('t.json', done);
    const found = entries(await preview(...args));
    const attested = found.filter((entry) => field(entry, 'type') === 'Attestation');
    assert.deepEqual(
      attested.map((entry) => field(field(entry, 'run'), 'name')),
      ['ship-7', 'other'],
    );
    assert.deepEqual(field(attested[0], 'subjects'), [
      { name: 'reg.example/bread', digest: { sha256: '3'.repeat(64) } },
    ]);
  });

  it('says which children of a PipelineRun were not given', async () => {
    const [entry] = entries(await preview('-f', file('p.json', pipelineRun)));
    assert.deepEqual(field(entry, 'warnings'), ['ChildMissing: child TaskRun bake-1 is not given: stated without it']);
  });

  it('uses the settings of a policy, whatever it selects', async () => {
    const args = ['-f', file('run.json', taskRun), '--policy', file('policy.json', policy)];
    const [entry, ...rest] = entries(await preview(...args));
    assert.deepEqual(rest, []);
    const statement: unknown = JSON.parse(String(field(entry, 'payload')));
    const predicate = field(statement, 'predicate');
    assert.equal(field(statement, 'predicateType'), 'https://slsa.dev/provenance/v0.2');
    assert.deepEqual(field(predicate, 'builder'), { id: 'https://builder.example' });
    assert.deepEqual(field(field(predicate, 'invocation'), 'parameters'), { flavour: '[redacted]' });
  });

  it('prints both payloads of an image for a policy that makes both', async () => {
    const both = {
      ...policy,
      spec: { ...policy.spec, imageSignatures: { formats: ['SimpleSigning', 'SigstoreStatement'] } },
    };
    const printed = entries(await preview('-f', file('run.json', taskRun), '--policy', file('both.json', both)));
    const images = printed.filter((entry) => field(entry, 'type') === 'ImageSignature');
    assert.deepEqual(
      images.map((entry) => field(entry, 'payloadType')),
      ['application/vnd.dev.cosign.simplesigning.v1+json', 'application/vnd.in-toto+json'],
    );
    const statement: unknown = JSON.parse(String(field(images[1], 'payload')));
    assert.deepEqual(statement, {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'reg.example/bread', digest: { sha256: '3'.repeat(64) } }],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
    });
  });

  it('takes a policy in YAML with whole numbers in it', async () => {
    const record = { retention: 'Seconds', seconds: 604800 };
    const text = stringify({ ...policy, spec: { ...policy.spec, record } });
    const path = join(folder, 'policy.yaml');
    writeFileSync(path, text);
    const { code, err } = await preview('-f', file('run.json', taskRun), '--policy', path);
    assert.equal(err, '');
    assert.equal(code, 0);
  });

  it('uses flags in place of a policy', async () => {
    const args = [
      '-f',
      file('run.json', taskRun),
      '--format',
      'slsa/v2alpha3',
      '--build-type',
      'https://tekton.dev/chains/v2/slsa-tekton',
      '--builder-id',
      'me',
    ];
    const [entry] = entries(await preview(...args));
    const statement: unknown = JSON.parse(String(field(entry, 'payload')));
    const predicate = field(statement, 'predicate');
    assert.equal(field(field(predicate, 'buildDefinition'), 'buildType'), args[5]);
    assert.deepEqual(field(field(predicate, 'runDetails'), 'builder'), { id: 'me' });
  });

  it('prints the same as YAML', async () => {
    const path = file('run.json', taskRun);
    const json = entries(await preview('-f', path));
    const yaml = await preview('-f', path, '-o', 'yaml');
    assert.equal(yaml.code, 0);
    assert.deepEqual(parse(yaml.out), json);
  });

  it('prints a summary for the eye, without control sequences', async () => {
    const coloured = {
      ...taskRun,
      metadata: { name: '\u001b[31mred' },
      status: { ...taskRun.status, steps: [{ name: 's' }] },
    };
    const { out } = await preview('-f', file('coloured.json', coloured), '-o', 'text');
    assert.match(out, /^TaskRun \\u001b\[31mred: Attestation$/m);
    assert.match(out, /^ {4}reg\.example\/bread sha256:3{64}$/m);
    assert.match(out, /^ {2}materials: none$/m);
    assert.match(out, /^ {2}builder: https:\/\/tekton\.dev\/chains\/v2$/m);
    assert.match(out, /^ {4}MaterialMissing: the image of step "s" of TaskRun .* imageID is empty$/m);
    assert.doesNotMatch(out, /\u001b/);
  });

  it('keeps integers that a double cannot hold', async () => {
    const text =
      '{"kind":"TaskRun","metadata":{"name":"t"},"spec":{"params":[{"name":"big","value":9007199254740993}]}}';
    for (const input of [
      text,
      `kind: TaskRun\nmetadata: {name: t}\nspec: {params: [{name: n, value: 9007199254740993}]}`,
    ]) {
      const [entry] = entries(await preview('-f', file('input', input)));
      assert.match(String(field(entry, 'payload')), /"value":"9007199254740993"/);
    }
  });

  it('prints the good runs, says one line about each bad one and exits with 1', () => {
    const bad = { ...taskRun, metadata: { name: 'bad', namespace: 'n' }, spec: { params: [{ name: 'x' }] } };
    const { code, out, err } = previewProcess(
      ['-f', '-'],
      `${JSON.stringify(bad)}${JSON.stringify(taskRun)}{"kind":"Pod"}`,
    );
    assert.equal(code, 1);
    const names: unknown = JSON.parse(out);
    assert.equal(Array.isArray(names) ? names.length : 0, 2);
    assert.equal(err.split('\n').length, 3, err);
    assert.match(err, /^error: stdin:1: TaskRun n\/bad: TaskRun\.spec\.params: parameter "x" has no value$/m);
    assert.match(err, /^error: stdin:3: Pod: is not a TaskRun or PipelineRun of tekton\.dev\/v1$/m);
  });

  it('prints a run of a pipe before the pipe ends', async () => {
    const child = spawn(process.execPath, [hallmark, 'preview', '-f', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    for (const name of ['a', 'b']) {
      child.stdin.write(`{"kind":"TaskRun","metadata":{"name":"${name}"}}\n`);
      while (!out.includes(`"name": "${name}"`)) await once(child.stdout, 'data');
      assert.throws((): unknown => JSON.parse(out));
    }
    child.stdin.end();
    const closed: unknown[] = await once(child, 'close');
    assert.equal(closed[0], 0);
    const parsed: unknown = JSON.parse(out);
    assert.equal(Array.isArray(parsed) && parsed.length, 2);
  });

  it('says where a document is malformed', async () => {
    const { code, err } = await preview('-f', file('malformed.yaml', 'kind: [TaskRun\n---\nkind: TaskRun\n'));
    assert.equal(code, 1);
    assert.match(err, /^error: \S+malformed\.yaml:1: [^\n]+\n$/);
  });

  it('exits with 2 and prints nothing when there is nothing to preview', async () => {
    const { code, out, err } = await preview('-f', file('empty', ''));
    const why = 'error: no TaskRun or PipelineRun given: the files hold no document\n';
    assert.deepEqual([code, out, err], [2, '', why]);
  });

  const usage: readonly (readonly string[])[] = [
    [],
    ['-f'],
    ['-f', '-', '--unknown-option'],
    ['-f', '-', 'extra'],
    ['-f', '-', '-o', 'xml'],
    ['-f', '-', '--format', 'tekton'],
    ['-f', '-', '--build-type', 'other'],
    ['-f', '/nowhere/run.yaml'],
    ['-f', '-', '--policy', '/nowhere/policy.yaml'],
    ['-f', '-', '--policy', 'p.yaml', '--format', 'slsa/v1'],
  ];
  for (const args of usage) {
    it(`refuses ${JSON.stringify(args)} as a usage error`, async () => {
      const { code, out, err } = await preview(...args);
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, /^error: [^\n]+\n$/);
    });
  }

  it('exits with 2 for a usage error', () => {
    const { code, out, err } = previewProcess(['-f', '-', '--unknown-option']);
    assert.deepEqual([code, out, err], [2, '', "error: unknown option '--unknown-option'\n"]);
  });

  it('exits with 2 when the policy is invalid or not there', async () => {
    const run = file('run.json', taskRun);
    const invalid = file('invalid.json', { ...policy, spec: {} });
    const { code, err } = await preview('-f', run, '--policy', invalid);
    assert.equal(code, 2);
    assert.match(err, /spec\.signer/);
    const none = await preview('-f', run, '--policy', file('none.json', taskRun));
    assert.equal(none.code, 2);
    assert.match(none.err, /must hold one SigningPolicy/);
  });

  it('finds the children of the worked example by their labels', async () => {
    const input = readGolden('example-pipelinerun.input.json');
    const children = listField(input, 'trs').filter(isObject);
    const documents = [field(input, 'pr'), ...children.map((child) => ({ kind: 'TaskRun', ...child }))];
    const found = entries(await preview('-f', file('example.json', documents)));
    const [entry] = found;
    assert.deepEqual(JSON.parse(String(field(entry, 'payload'))), readGolden('example-pipelinerun.slsa-v2alpha4.json'));
  });
});
