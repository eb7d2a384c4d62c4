// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { DIGEST, statement } from '../../verify/test-signer.fixture.ts';
import {
  about,
  attestation,
  file,
  image,
  key,
  log,
  logged,
  signer,
  stranger,
  verify,
} from './verify-command.fixture.ts';

/** Makes a record as in the cluster. */
function record(...artifacts: readonly SignedArtifact[]): object {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'ProvenanceRecord',
    metadata: { name: 'build-1', namespace: 'team' },
    spec: {
      runRef: { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', name: 'build', uid: 'u' },
      policyRef: { kind: 'SigningPolicy', name: 'release' },
      outcome: 'Succeeded',
      completionTime: '2026-03-01T12:00:00Z',
      mode: 'Enforce',
      serviceAccountName: 'default',
    },
    evidence: { artifacts: artifacts.map((artifact) => toEvidenceArtifact({ ...artifact, policyGeneration: 1 })) },
  };
}

/** Makes a policy as in the cluster. */
function policy(more: object = {}, keys: readonly object[] = [{ ...signer.key, state: 'Active' }]): object {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'SigningPolicy',
    metadata: { name: 'release', namespace: 'team' },
    spec: { signer: { type: 'Key', key: { secretRef: { name: 'k' } } }, ...more },
    status: { verificationKeys: keys },
  };
}

const listed = { ...attestation, subjects: [{ name: 'reg.example/app-0', digest: { sha256: DIGEST } }] };

describe('hallmark verify record', () => {
  it('verifies every artifact of a record in a file with the published keys of a policy', async () => {
    const path = file('record.yaml', record(listed, image));
    const { code, out, err } = await verify('record', path, '--policy', file('policy.yaml', policy()));
    assert.equal(code, 0, err + out);
    assert.match(out, /attestation of ProvenanceRecord build-1: verified/);
    assert.match(out, /image-aaaaaaaaaaaa of ProvenanceRecord build-1: verified/);
  });

  it('refuses a record if a subject of one of its artifacts differs', async () => {
    const other = signer.artifact(signer.envelope(statement(['b'.repeat(64)])));
    const lying = { ...other, name: 'image-bbbbbbbbbbbb', subjects: listed.subjects };
    const { code, out } = await verify('record', file('record.yaml', record(listed, image, lying)), '--key', key);
    assert.equal(code, 1);
    assert.match(out, /image-bbbbbbbbbbbb of ProvenanceRecord build-1: NOT VERIFIED/);
    assert.match(out, /SubjectMismatch/);
  });

  it('refuses a record that lists fewer subjects than are signed, or a truncated one that is not signed', async () => {
    const [artifact] = [toEvidenceArtifact({ ...listed, policyGeneration: 1 })];
    const changed: readonly object[] = [{ subjectCount: 2 }, { subjects: [`${'x'.repeat(1023)}…`] }];
    for (const change of changed) {
      const held = { ...record(), evidence: { artifacts: [{ ...artifact, ...change }] } };
      const { code, out } = await verify('record', file('record.yaml', held), '--key', key);
      assert.equal(code, 1, out);
      assert.match(out, /SubjectMismatch: the signed payload has other subjects than the record lists/);
    }
    const long = 'y'.repeat(1024);
    const subject = [{ name: long, digest: { sha256: DIGEST } }];
    const cut = signer.artifact(signer.envelope({ ...statement(), subject }));
    const held = record({ ...cut, subjects: subject });
    assert.equal((await verify('record', file('record.yaml', held), '--key', key)).code, 0);
  });

  it('ignores the signatures of a run for other images than the required ones', async () => {
    const digests = [DIGEST, 'b'.repeat(64)];
    const both = signer.artifact(signer.envelope(statement(digests)));
    const subjects = digests.map((sha256, index) => ({ name: `reg.example/app-${index}`, digest: { sha256 } }));
    const other = signer.artifact(signer.simpleSigning('b'.repeat(64)));
    const otherSubjects = [{ name: 'reg.example/app', digest: { sha256: 'b'.repeat(64) } }];
    const many = record({ ...both, subjects }, image, {
      ...other,
      name: 'image-bbbbbbbbbbbb',
      subjects: otherSubjects,
    });
    const path = file('record.yaml', many);
    const one = await verify('record', path, '--key', key, ...about);
    assert.equal(one.code, 0, one.out);
    assert.match(one.out, /image-bbbbbbbbbbbb of ProvenanceRecord build-1: ignored/);
    const all = await verify('record', path, '--key', key, ...about, '--digest', `sha256:${'b'.repeat(64)}`);
    assert.deepEqual([all.code, all.out.match(/: verified$/gm)?.length], [0, 3], all.out);
    const third = ['--digest', `sha256:${'c'.repeat(64)}`];
    assert.equal((await verify('record', path, '--key', key, ...third)).code, 1);
    assert.equal((await verify('record', path, '--key', key, ...about, ...third)).code, 1);
    const images = await verify('record', path, '--key', key, ...about, ...third, '--type', 'imagesignature');
    assert.equal(images.code, 1);
    assert.match(images.out, /sha256:c+ is not among the subjects/);
  });

  it('does not trust the public key in the record itself', async () => {
    const path = file('record.yaml', record(listed));
    assert.equal((await verify('record', path, '--key', stranger)).code, 1);
    assert.equal((await verify('record', path)).code, 2);
  });

  it('refuses a record without evidence, with an unsigned artifact or another payload', async () => {
    const unsigned = record(listed);
    const artifact = toEvidenceArtifact({ ...listed, policyGeneration: 1 });
    const { signature, keyID, publicKey, ...rest } = artifact;
    assert.ok(signature !== undefined && keyID !== undefined && publicKey !== undefined);
    const bare = { ...unsigned, evidence: { artifacts: [rest] } };
    assert.equal((await verify('record', file('bare.yaml', bare), '--key', key)).code, 1);
    assert.equal((await verify('record', file('empty.yaml', record()), '--key', key)).code, 1);
    const swapped = {
      ...unsigned,
      evidence: { artifacts: [{ ...artifact, payload: 'H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==' }] },
    };
    assert.equal((await verify('record', file('swapped.yaml', swapped), '--key', key)).code, 1);
  });

  it('requires what the policy promises: a log entry, and a retired key in its window', async () => {
    const transparency = { type: 'Rekor', rekor: { url: 'https://log.example' } };
    const inline = JSON.stringify({ tlogs: [log.trust] });
    const promising = file('policy.yaml', policy({ transparency, trustedRoot: { type: 'Inline', inline } }));
    assert.equal((await verify('record', file('record.yaml', record(listed)), '--policy', promising)).code, 1);
    const good = await verify('record', file('record.yaml', record(logged(listed))), '--policy', promising);
    assert.equal(good.code, 0, good.out + good.err);
    const ended = [{ ...signer.key, state: 'Retired', notAfter: '2026-01-01T00:00:00Z' }];
    const late = file('late.yaml', policy({ trustedRoot: { type: 'Inline', inline } }, ended));
    const { code, out } = await verify('record', file('record.yaml', record(logged(listed))), '--policy', late);
    assert.equal(code, 1);
    assert.match(out, /KeyOutsideWindow/);
  });
});
