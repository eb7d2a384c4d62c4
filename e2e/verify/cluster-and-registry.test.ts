// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toEvidenceArtifact } from '../../src/evidence/evidence-artifact.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signedStatement } from '../storage/signed-evidence.ts';
import { Cosign } from '../testbed/index.ts';
import { newSigner, VerifyBed } from './verify-bed.ts';
import type { SignedImage } from './verify-bed.ts';

let bed: VerifyBed;
let image: SignedImage;
before(async () => {
  bed = await VerifyBed.start();
  image = await bed.image();
});
after(() => bed.stop());

const inTeam = () => ['-n', bed.namespace];
const byPolicy = () => ['--policy', 'release', ...inTeam()];

describe('hallmark verify image', () => {
  it("verifies signature and provenance in cosign's tags by what the policy publishes", async () => {
    const { code, out, err } = await bed.hallmark('verify', 'image', image.reference, ...byPolicy());
    assert.equal(code, 0, out + err);
    assert.equal(out.match(/: verified$/gm)?.length, 2, out);
  });

  it('refuses an image without a signature, or with one by another key only', async () => {
    const { reference } = await bed.registry.pushImage('team/unsigned');
    assert.equal((await bed.hallmark('verify', 'image', reference, ...byPolicy())).code, 1);
    const other = await bed.image(newSigner());
    const { code, out } = await bed.hallmark('verify', 'image', other.reference, ...byPolicy());
    assert.equal(code, 1);
    assert.match(out, /none of the evidence verifies/);
  });

  it('skips evidence that others stored with it', async () => {
    const mixed = await bed.image(newSigner());
    const sha256 = mixed.digest.slice('sha256:'.length);
    await bed.store(await signedStatement(bed.signer, [{ name: mixed.name, digest: { sha256 } }]));
    const { code, out } = await bed.hallmark('verify', 'image', mixed.reference, ...byPolicy());
    assert.equal(code, 0, out);
    assert.equal(out.match(/: ignored$/gm)?.length, 2, out);
    const strict = await bed.hallmark('verify', 'image', mixed.reference, ...byPolicy(), '--type', 'imagesignature');
    assert.equal(strict.code, 1, strict.out);
  });

  it('refuses an image whose evidence was made for another one', async () => {
    const { digest } = await bed.registry.pushImage('team/app');
    const sha256 = digest.slice('sha256:'.length);
    const [attestation] = image.artifacts;
    assert.ok(attestation !== undefined);
    await bed.store({ ...attestation, subjects: [{ name: image.name, digest: { sha256 } }] });
    const { code, out } = await bed.hallmark('verify', 'image', `${image.name}@${digest}`, ...byPolicy());
    assert.equal(code, 1, out);
    assert.match(out, /SubjectMismatch/);
  });

  it('refuses an image of which only another predicate type is attested (CVE-2022-35929)', async () => {
    const args = ['verify', 'image', image.reference, ...byPolicy(), '--type', 'https://spdx.dev/Document'];
    const { code, out } = await bed.hallmark(...args);
    assert.equal(code, 1);
    assert.match(out, /nothing of type https:\/\/spdx.dev\/Document verifies/);
  });

  it('verifies the bundle that cosign itself attached', async () => {
    const cosign = await Cosign.prepare(bed.storage.supervisor);
    const { reference } = await bed.registry.pushImage('team/attested');
    const keys = await cosign.generateKeyPair('bundles');
    const predicate = join(bed.storage.supervisor.dataDirectory('predicates'), 'predicate.json');
    writeFileSync(predicate, JSON.stringify({ buildDefinition: {}, runDetails: { builder: { id: 'b' } } }));
    const signing = ['--key', keys.privateKey, '--predicate', predicate, '--type', 'slsaprovenance1'];
    const config = join(bed.storage.supervisor.dataDirectory('predicates'), 'signing-config.json');
    writeFileSync(config, JSON.stringify({ mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json' }));
    await cosign.run(['attest', ...signing, '--signing-config', config, reference]);
    const { code, out, err } = await bed.hallmark('verify', 'image', reference, '--key', keys.publicKey);
    assert.equal(code, 0, out + err);
    assert.match(out, /^bundle .*: verified$/m);
    assert.equal((await bed.hallmark('verify', 'image', reference, ...byPolicy())).code, 1);
  });

  it('says that it could not check when registry or cluster do not answer', async () => {
    const gone = `127.0.0.1:9/team/app@${image.digest}`;
    assert.equal((await bed.hallmark('verify', 'image', gone, ...byPolicy())).code, 3);
    assert.equal((await bed.hallmark('verify', 'image', image.reference, '--policy', 'none', ...inTeam())).code, 3);
  });
});

/** Creates a record as the operator would. */
async function record(name: string, artifacts: readonly SignedArtifact[]): Promise<void> {
  await bed.storage.apply({
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: { name, namespace: bed.namespace },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'build', uid: 'u' },
      policyRef: { kind: 'SigningPolicy', name: 'release' },
      outcome: 'Succeeded',
      completionTime: '2026-03-01T12:00:00Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
    },
    evidence: { artifacts: artifacts.map((artifact) => toEvidenceArtifact({ ...artifact, policyGeneration: 1 })) },
  });
}

describe('hallmark verify record', () => {
  it('verifies a record of the cluster by the policy that it names', async () => {
    await record('good', image.artifacts);
    const { code, out, err } = await bed.hallmark('verify', 'record', 'good', ...inTeam(), '-o', 'json');
    assert.equal(code, 0, out + err);
    assert.match(out, /"verified": true/);
  });

  it('refuses a record signed with another key, and a record with a wrong artifact', async () => {
    const { artifacts } = await bed.image(newSigner());
    await record('stranger', artifacts);
    assert.equal((await bed.hallmark('verify', 'record', 'stranger', ...inTeam())).code, 1);
    const [attestation, signature] = image.artifacts;
    assert.ok(attestation !== undefined && signature !== undefined);
    const other = await signedStatement(bed.signer, [{ name: image.name, digest: { sha256: 'b'.repeat(64) } }]);
    await record('differs', [attestation, signature, { ...other, name: 'second', subjects: attestation.subjects }]);
    const { code, out } = await bed.hallmark('verify', 'record', 'differs', ...inTeam());
    assert.equal(code, 1);
    assert.match(out, /second of ProvenanceRecord differs: NOT VERIFIED\n.*\n.*SubjectMismatch/);
    assert.equal((await bed.hallmark('verify', 'record', 'none', ...inTeam())).code, 3);
  });
});
