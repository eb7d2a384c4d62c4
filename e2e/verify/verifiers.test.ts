// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { dsseEnvelope } from '../../src/evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import { field, listField } from '../../src/json/fields.ts';
import { sectionText } from '../docs/section-commands.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { ended, newSigner, VerifyBed } from './verify-bed.ts';
import type { Ended, SignedImage } from './verify-bed.ts';

let bed: VerifyBed;
let image: SignedImage;
before(async () => {
  bed = await VerifyBed.start();
  image = await bed.image();
  await bed.policy('other', newSigner());
});
after(() => bed.stop());

/** The output of `hallmark trust` for a verifier. */
async function trust(verifier: string, policy = 'release'): Promise<string> {
  const { code, out, err } = await bed.hallmark('trust', policy, '-n', bed.namespace, '-o', verifier);
  assert.equal(code, 0, err);
  return out;
}

/** The file with the Rego of a policy. */
async function rego(policy: string): Promise<string> {
  const file = join(directory('opa'), `${policy}.rego`);
  writeFileSync(file, await trust('opa', policy));
  return file;
}

function directory(name: string): string {
  return bed.storage.supervisor.dataDirectory(name);
}

describe('hallmark trust', () => {
  it('prints a script with which the real cosign takes the evidence of the policy, and of no other', async () => {
    const bin = directory('bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(await ensureBinary('cosign'), join(bin, 'cosign'));
    const run = async (policy: string): Promise<Ended> => {
      const script = join(directory('scripts'), policy);
      writeFileSync(script, await trust('cosign', policy));
      const environment = bed.storage.supervisor.environment();
      const env = { ...environment, PATH: `${bin}:${environment['PATH'] ?? ''}` };
      return ended(runCommand('/bin/sh', [script, image.reference], { env }));
    };
    const good = await run('release');
    assert.equal(good.code, 0, good.err);
    assert.match(good.out, /"payloadType":"application\/vnd.in-toto\+json"/);
    const bad = await run('other');
    assert.notEqual(bad.code, 0);
    assert.match(bad.err, /no (matching |)(signatures|attestations)|invalid signature/);
  });

  it('prints Rego with which the engine of OPA takes the provenance, and nothing that differs from it', async () => {
    const opa = await ensureBinary('opa');
    const rules = await rego('release');
    const name = `hallmark.signingpolicy["${bed.namespace}"]["release"]`;
    const env = bed.storage.supervisor.environment();
    const judge = (artifact: SignedArtifact, digest: string, query: string): Promise<Ended> => {
      const stdin = `{"envelope": ${dsseEnvelope(artifact)}, "digest": ${JSON.stringify(digest)}}`;
      return ended(runCommand(opa, ['eval', '--stdin-input', '--fail', '--data', rules, query], { env, stdin }));
    };
    const allows = `data.${name}.allow == true`;
    const provenance = await about(image, {});
    const good = await judge(provenance, image.digest, allows);
    assert.deepEqual([good.code, good.out.trim()], [0, 'true'], good.err);
    const evil = 'https://evil.example';
    const bad: readonly (readonly [SignedArtifact, string, RegExp])[] = [
      [provenance, `sha256:${'b'.repeat(64)}`, /the digest is not among the subjects/],
      [provenance, '', /the digest is not among the subjects/],
      [{ ...provenance, payloadType: 'text/plain' }, image.digest, /not an in-toto statement/],
      [
        await about(image, { builder: evil }),
        image.digest,
        /the builder is https:\/\/evil\.example, not https:\/\/tekton/,
      ],
      [await about(image, { buildType: evil }), image.digest, /the build type is https:\/\/evil\.example, not/],
      [
        await about(image, { predicateType: 'https://spdx.dev/Document' }),
        image.digest,
        /predicate type is https:\/\/spdx/,
      ],
      [await about(image, { builder: null }), image.digest, /the builder is missing; it should be https:/],
      [{ ...provenance, payload: Buffer.from('{') }, image.digest, /the builder is missing; it should be https:/],
    ];
    for (const [artifact, digest, reason] of bad) {
      const { out } = await judge(artifact, digest, allows);
      assert.notEqual(out.trim(), 'true', artifact.payload.toString('utf8'));
      assert.match((await judge(artifact, digest, `data.${name}.deny`)).out, reason);
    }
  });

  it('prints Rego by which conftest judges, with the reason', async () => {
    const conftest = await ensureBinary('conftest');
    const rules = await rego('release');
    const env = bed.storage.supervisor.environment();
    const judge = (artifact: SignedArtifact): Promise<Ended> => {
      const input = join(directory('conftest'), 'input.json');
      writeFileSync(input, `{"envelope": ${dsseEnvelope(artifact)}, "digest": ${JSON.stringify(image.digest)}}`);
      const args = ['test', '--policy', rules, '--all-namespaces', '--output', 'json', input];
      return ended(runCommand(conftest, args, { env }));
    };
    const good = await judge(await about(image, {}));
    assert.equal(good.code, 0, good.err);
    // Without rules that it finds, conftest fails nothing.
    assert.match(good.out, /"successes": [1-9]/);
    const bad = await judge(await about(image, { builder: 'https://evil.example' }));
    assert.equal(bad.code, 1, bad.err);
    assert.match(bad.out, /the builder is https:\/\/evil\.example, not https:\/\/tekton/);
  });

  it('prints Rego in a package of its own for each policy, which judges next to that of another', async () => {
    const packages = ['release', 'other'].map(
      async (policy) => /^package (.*)$/m.exec(await trust('opa', policy))?.[1],
    );
    const names = ['release', 'other'].map((policy) => `hallmark.signingpolicy["${bed.namespace}"]["${policy}"]`);
    assert.deepEqual(await Promise.all(packages), names);
    for (const policy of ['release', 'other']) await rego(policy);
    const stdin = `{"envelope": ${dsseEnvelope(await about(image, {}))}, "digest": ${JSON.stringify(image.digest)}}`;
    const env = bed.storage.supervisor.environment();
    const query = `[${names.map((name) => `data.${name}.allow`).join()}]`;
    const args = ['eval', '--stdin-input', '--fail', '--data', directory('opa'), query];
    const { out, err } = await ended(runCommand(await ensureBinary('opa'), args, { env, stdin }));
    assert.equal(out.trim(), '[true true]', err);
  });

  it('prints the key for Conforma', async () => {
    const printed = await trust('conforma');
    assert.ok(printed.includes(bed.signer.publicKey.split('\n')[1] ?? 'missing'), printed);
    assert.match(printed, /--ignore-rekor/);
  });

  it('prints the data for Conforma by which the rules of the page take provenance, and none that differs from it', async () => {
    const judge = await conformaRules();
    const good = await about(image, {});
    const another = await about(image, { builder: 'https://evil.example' });
    const nobodys = await about(image, { builder: null });
    const other = await about(image, { predicateType: 'https://spdx.dev/Document' });
    assert.equal((await judge([another, good])).trim(), '[]');
    for (const bad of [[], [another], [nobodys], [other]])
      assert.match(await judge(bad), /code:provenance\.accepted_builder/);
  });

  it('refuses a policy that publishes nothing, and one that is not there', async () => {
    const file = join(directory('policies'), 'bare.json');
    const signing = { type: 'Key', key: { secretRef: { name: 'signing-secrets' } } };
    const metadata = { name: 'bare', namespace: 'team' };
    const kind = { apiVersion: 'hallmark.dev/v1alpha1', kind: 'SigningPolicy' };
    writeFileSync(file, JSON.stringify({ ...kind, metadata, spec: { signer: signing }, status: {} }));
    assert.equal((await bed.hallmark('trust', '-f', file, '-o', 'cosign')).code, 2);
    assert.equal((await bed.hallmark('trust', 'none', '-n', bed.namespace, '-o', 'cosign')).code, 3);
    assert.equal((await bed.hallmark('trust', 'release', '-o', 'notary')).code, 2);
  });
});

/** The rules of the page, as Conforma has them judge attestations whose signatures it verified. @returns what they deny */
async function conformaRules(): Promise<(attestations: readonly SignedArtifact[]) => Promise<string>> {
  const [source] = listField(parse(await trust('conforma')), 'sources');
  const [, rules = ''] = /^```text\n([^]*?)^```$/m.exec(sectionText('enforcing.md', 'Conforma')) ?? [];
  const folder = directory('conforma');
  writeFileSync(join(folder, 'rules.rego'), rules);
  writeFileSync(join(folder, 'data.json'), JSON.stringify({ rule_data__configuration__: field(source, 'ruleData') }));
  const opa = await ensureBinary('opa');
  return async (artifacts) => {
    const attestations = artifacts.map(({ payload }) => `{"statement": ${payload.toString('utf8')}}`);
    const stdin = `{"attestations": [${attestations.join()}], "image": {"ref": "${image.reference}"}}`;
    const args = ['eval', '--stdin-input', '--fail', '--data', folder, 'data.provenance.deny'];
    const env = bed.storage.supervisor.environment();
    const { code, out, err } = await ended(runCommand(opa, args, { env, stdin }));
    assert.equal(code, 0, err);
    return out;
  };
}

/** A provenance statement of the image as the policy states it, except for these changes; without a builder for null. */
async function about(
  { name, digest }: SignedImage,
  differing: { readonly builder?: string | null; readonly buildType?: string; readonly predicateType?: string },
): Promise<SignedArtifact> {
  const [attestation] = image.artifacts;
  assert.ok(attestation !== undefined);
  const { builder = 'https://tekton.dev/chains/v2', buildType = 'https://tekton.dev/chains/v2/slsa' } = differing;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType: differing.predicateType ?? 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { buildType }, runDetails: builder === null ? {} : { builder: { id: builder } } },
  };
  const unsigned = { ...attestation, payload: Buffer.from(JSON.stringify(statement)) };
  return { ...unsigned, signature: (await bed.signer.sign(signedBytes(unsigned))).signature };
}
