// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { PayloadlessArtifact, SignedArtifact } from '../../evidence/artifact.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { TestLog } from '../../verify/test-log.fixture.ts';
import { NOW, TestSigner } from '../../verify/test-signer.fixture.ts';
import { PolicySigners } from './policy-signers.ts';
import { EvidenceVerifier, type ReadBackResult } from './evidence-verifier.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';
import { CredentialError } from '../../credentials/credential-error.ts';
import type { StoredEvidence } from '../../storage/stored-evidence.ts';

/*
 * The drivers have their own tests against real servers, and so has the verification. Here a driver in memory shows what becomes of
 * its answers: what counts against the evidence, and what says nothing about it.
 */
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const secrets = new Map<string, Readonly<Record<string, Uint8Array>>>();
const getSecret = (_namespace: string, name: string) => Promise.resolve(secrets.get(name));
const access = {
  objects: { getSecret, getTypedSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
  tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'this test has no ServiceAccounts')) },
  egress: new EgressClient({ allow: [] }),
  clock: systemClock,
};
const verifier = new EvidenceVerifier(
  new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs: [] }),
  new PolicySigners({ ...access, keylessAudience: 'sigstore' }),
);
const signer = new TestSigner();
const material = signer.envelope();
const attestation: SignedArtifact = { ...signer.artifact(material), name: 'attestation' };
const log = new TestLog();
const entry = log.entry({ ...material, verifier: signer.key.publicKey, time: NOW });
const logEntry = {
  url: 'https://log.example',
  logIndex: entry.logIndex,
  entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)),
};
const logged: SignedArtifact = { ...attestation, logEntries: [logEntry] };
const policyKey = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;

function policy(spec: Partial<SigningPolicySpec> = {}): PolicyDefinition {
  const key = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;
  const effective = effectiveSigningPolicySpec({ signer: key, ...spec }, '2026-01-01T00:00:00Z');
  return { ...policyKey, uid: 'p', generation: 1, homeNamespace: 'team-a', spec: effective };
}

function stored(artifact: SignedArtifact): StoredEvidence {
  return { payload: artifact.payload, signature: signatureText(artifact), encoding: 'SignatureText' };
}

function readBack(
  get: () => Promise<StoredEvidence>,
  given: {
    readonly artifact?: SignedArtifact | PayloadlessArtifact;
    /** Artifacts of the same record that were stored under the same name. */
    readonly others?: readonly SignedArtifact[];
    readonly policy?: PolicyDefinition | undefined;
    /** The location of each artifact; one for all where absent. */
    readonly places?: readonly string[];
    readonly getAll?: NonNullable<StorageDriver['getAll']>;
  } = { policy: policy() },
): Promise<ReadBackResult> {
  const driver: StorageDriver = {
    probe: () => Promise.resolve({ ready: true }),
    put: () => Promise.reject(new Error('not asked for')),
    close: () => Promise.resolve(),
    get,
    ...(given.getAll === undefined ? {} : { getAll: given.getAll }),
  };
  const run = { apiVersion: 'tekton.dev/v1', kind: 'TaskRun', namespace: 'team-a', name: 'r', uid: 'u' } as const;
  const artifacts = [given.artifact ?? attestation, ...(given.others ?? [])];
  return verifier.verify(
    {
      driver,
      artifacts,
      locations: artifacts.map(({ name }, index) => ({
        uri: given.places?.[index] ?? 'mem://attestation',
        artifact: name,
      })),
      run: { ...run, serviceAccountName: 'default', policy: policyKey },
      policy: given.policy,
      now: NOW,
    },
    new AbortController().signal,
  );
}

const failing = (error: StorageError) => (): Promise<never> => Promise.reject(error);

describe('EvidenceVerifier', () => {
  it('verifies evidence that is stored as it was signed', async () => {
    assert.deepEqual(await readBack(() => Promise.resolve(stored(attestation))), { state: 'Verified' });
  });

  it('verifies evidence whose payload the record dropped, by its digest', async () => {
    const { payload } = attestation;
    const artifact = { ...attestation, payload: undefined, payloadDigest: payloadDigest(payload) };
    const given = { artifact, policy: policy() };
    assert.deepEqual(await readBack(() => Promise.resolve(stored(attestation)), given), { state: 'Verified' });
    const other = { ...attestation, payload: Buffer.from(payload.toString().replace('{', '{ ')) };
    assert.deepEqual(await readBack(() => Promise.resolve(stored(other)), given), {
      state: 'Failed',
      message: 'mem://attestation: what was read back is not what was signed and stored: it differs in the payload',
    });
    const resigned = {
      ...stored(attestation),
      signature: stored({ ...attestation, signature: Buffer.alloc(64) }).signature,
    };
    const result = await readBack(() => Promise.resolve(resigned), given);
    assert.match(typeof result === 'string' ? '' : (result.message ?? ''), /differs in the signature/);
  });

  it('names the place of missing evidence, and the remedy', async () => {
    const result = await readBack(failing(new StorageError('BackendRejected', 'there is no such object')));
    assert.deepEqual(result, {
      state: 'Failed',
      message: 'mem://attestation: there is no such object; "hallmark backfill" writes it again',
    });
  });

  it('accepts another artifact of the record, which earlier versions stored last under the same name', async () => {
    const other: SignedArtifact = { ...signer.artifact(signer.simpleSigning()), name: 'image-eu' };
    const result = await readBack(() => Promise.resolve(stored(other)), { policy: policy(), others: [other] });
    assert.deepEqual(result, { state: 'Verified' });
    const stranger = await readBack(() => Promise.resolve(stored(other)), { policy: policy() });
    assert.equal(typeof stranger === 'string' ? stranger : stranger.state, 'Failed');
  });

  it('reads all artifacts at once where the backend can, and judges each', async () => {
    const image: SignedArtifact = { ...signer.artifact(signer.simpleSigning()), name: 'image' };
    const gone = new StorageError('BackendRejected', 'there is no such object');
    const one = (): Promise<never> => Promise.reject(new Error('not asked for'));
    for (const [second, expected] of [
      [stored(image), 'Verified'],
      [stored(attestation), 'Failed'],
      [gone, 'Failed'],
    ] as const) {
      let reads = 0;
      const getAll = (): ReturnType<NonNullable<StorageDriver['getAll']>> => {
        reads += 1;
        return Promise.resolve([stored(attestation), second]);
      };
      const places = ['mem://attestation', 'mem://image'];
      const result = await readBack(one, { policy: policy(), others: [image], getAll, places });
      assert.equal(typeof result === 'string' ? result : result.state, expected);
      if (expected === 'Failed') assert.match(JSON.stringify(result), /mem:\/\/image: /);
      assert.equal(reads, 1);
    }
  });

  it('names the place of other content', async () => {
    const other = new TestSigner();
    const result = await readBack(() => Promise.resolve(stored(other.artifact(other.envelope()))));
    assert.ok(typeof result !== 'string');
    assert.equal(result.state, 'Failed');
    assert.match(result.message ?? '', /^mem:\/\/attestation: .* differs in the signature/);
  });

  for (const reason of ['BackendUnavailable', 'BackendUnauthorized', 'BackendNotReady', 'EndpointForbidden'] as const) {
    it(`does not fail the evidence when the backend answers ${reason}`, async () => {
      assert.equal(await readBack(failing(new StorageError(reason, 'no answer'))), 'Unread');
    });
  }

  it('does not fail evidence that was deleted with its run', async () => {
    assert.equal(await readBack(failing(new StorageError('RunDeleted', 'the run is gone'))), 'Undecidable');
  });

  const own = { type: 'Inline', inline: JSON.stringify({ tlogs: [log.trust] }) } as const;
  const foreign = { type: 'Inline', inline: JSON.stringify({ tlogs: [new TestLog().trust] }) } as const;
  const missing = { type: 'ConfigMap', configMap: { name: 'gone' } } as const;
  const rows: readonly (readonly [string, SignedArtifact, PolicyDefinition | undefined, string])[] = [
    ['a log entry under the trusted root of its log', logged, policy({ trustedRoot: own }), 'Verified'],
    ['a log entry under the trusted root of another log', logged, policy({ trustedRoot: foreign }), 'Failed'],
    ['a log entry while the trusted root cannot be had', logged, policy({ trustedRoot: missing }), 'Unread'],
    ['a log entry whose policy names no trusted root any more', logged, policy(), 'Undecidable'],
    ['a log entry whose policy is gone', logged, undefined, 'Undecidable'],
    ['a signature of a key while the root cannot be had', attestation, policy({ trustedRoot: missing }), 'Verified'],
    ['a signature of a key whose policy is gone', attestation, undefined, 'Verified'],
  ];
  for (const [what, artifact, of, expected] of rows) {
    it(`reports ${expected} for ${what}`, async () => {
      const result = await readBack(() => Promise.resolve(stored(artifact)), { artifact, policy: of });
      assert.equal(typeof result === 'string' ? result : result.state, expected);
    });
  }

  const image = signer.artifact(signer.simpleSigning());
  const kms = { uri: 'awskms:///alias/builds', secretRef: { name: 'none' }, aws: { region: 'eu-central-1' } };
  for (const [name, expected] of [
    ['before', 'Verified'],
    ['other', 'Failed'],
  ] as const) {
    it(`reports ${expected} for a signature that two runs share, by the key before, while the policy's service does not answer`, async () => {
      const before = new TestSigner();
      const pem = name === 'before' ? before.key.publicKey : new TestSigner().key.publicKey;
      secrets.set(name, { 'cosign.pub': Buffer.from(pem) });
      const ring = policy({ signer: { type: 'KMS', kms: { ...kms, retired: [{ name }] } } });
      const shared = stored(before.artifact(before.simpleSigning()));
      const result = await readBack(() => Promise.resolve(shared), { artifact: image, policy: { ...ring, uid: name } });
      assert.equal(typeof result === 'string' ? result : result.state, expected);
    });
  }
});
