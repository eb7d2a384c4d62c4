// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TransparencyLogEntry } from '@sigstore/protobuf-specs';
import { effectiveSigningPolicySpec } from '../../src/api/v1alpha1/signing-policy/defaults.ts';
import { EvidenceVerifier, type ReadBackResult } from '../../src/controllers/policy-services/evidence-verifier.ts';
import { PolicyWitnesses } from '../../src/controllers/policy-services/policy-witnesses.ts';
import { PolicySigners } from '../../src/controllers/policy-services/policy-signers.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { PolicyDefinition } from '../../src/pipelines/definitions.ts';
import { contractArtifact } from '../../src/signing/contract-artifacts.fixture.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { StorageDriver } from '../../src/storage/driver.ts';
import { parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import { TrustedRoots } from '../../src/trust/trusted-roots.ts';
import { TestLog } from '../../src/verify/test-log.fixture.ts';
import { ociDriver } from '../storage/oci-bed.ts';
import { runTarget } from '../storage/signed-evidence.ts';
import { StorageBed } from '../storage/storage-bed.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import { Registry } from '../testbed/registry/registry.ts';
import type { Location } from '../../src/storage/stored-evidence.ts';

const never = new AbortController().signal;
const identity = 'https://kubernetes.io/namespaces/bakery/serviceaccounts/signer';
const issuer = 'https://issuer.example';
const log = new TestLog();
const authority = issueCertificate({ name: 'Issuing', isAuthority: true, usage: 'CodeSigning' });
const inline = JSON.stringify({
  tlogs: [log.trust],
  certificateAuthorities: [
    {
      subject: { organization: 'o', commonName: 'c' },
      uri: 'https://fulcio.example',
      certChain: { certificates: [{ rawBytes: authority.der.toString('base64') }] },
      validFor: { start: '2020-01-01T00:00:00Z' },
    },
  ],
});
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const FORMS = ['InTotoStatement', 'SimpleSigning'] as const;

let bed: StorageBed;
let registry: Registry;
let driver: StorageDriver;
let verifier: EvidenceVerifier;
before(async () => {
  bed = await StorageBed.start('signature-annotations');
  registry = await Registry.start(bed.supervisor, { referrers: true });
  driver = ociDriver(bed, 'team', { encoding: 'CosignTags', authentication: { type: 'Anonymous' } });
  const access = bed.context([registry.host]);
  const witnesses = new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs: [] });
  verifier = new EvidenceVerifier(witnesses, new PolicySigners({ ...access, keylessAudience: 'sigstore' }));
});
after(() => bed.stop());

/** An artifact as a keyless policy signs and logs it. */
async function witnessed(form: (typeof FORMS)[number]): Promise<SignedArtifact> {
  const leaf = issueCertificate({
    name: '',
    issuer: authority,
    usage: 'CodeSigning',
    uri: identity,
    oidcIssuer: issuer,
  });
  const { digest } = await registry.pushImage('team/app');
  const about = { name: `${registry.host}/team/app`, sha256: digest.slice('sha256:'.length) };
  const artifact = await contractArtifact(form, about, new KeySigner(leaf.privateKey, 'sha256'));
  const logForm = form === 'SimpleSigning' ? 'Raw' : 'Envelope';
  const entry = log.entry({ ...artifact, form: logForm, verifier: leaf.certificate, time: new Date() });
  return {
    ...artifact,
    certificate: { chain: leaf.certificate, identity, issuer, notBefore: '', notAfter: '' },
    logEntries: [{ url: 'u', logIndex: '0', entry: JSON.stringify(TransparencyLogEntry.toJSON(entry)) }],
  };
}

const policy: PolicyDefinition = {
  kind: 'SigningPolicy',
  namespace: 'team',
  name: 'builds',
  uid: 'u',
  generation: 1,
  homeNamespace: 'team',
  spec: effectiveSigningPolicySpec(
    {
      signer: { type: 'Keyless', keyless: { fulcioURL: 'https://127.0.0.1:1', serviceAccountName: 'signer' } },
      trustedRoot: { type: 'Inline', inline },
    },
    '',
  ),
};

/** As the operator reads back what it stored. */
function judged(
  artifact: SignedArtifact,
  locations: readonly (Location & { readonly artifact?: string })[],
  of: { readonly policy: PolicyDefinition | undefined } = { policy },
): Promise<ReadBackResult> {
  const work = { driver, artifacts: [artifact], locations, run: runTarget('team'), ...of, now: new Date() };
  return verifier.verify(work, never);
}

async function stored(artifact: SignedArtifact) {
  const locations = await driver.put(artifact, runTarget('team'), never);
  return locations.map((location) => ({ ...location, artifact: artifact.name }));
}

/** Changes the annotations of a tag's layers, as anyone with push rights can. */
async function change({ uri }: Location, annotation: string, text: string): Promise<void> {
  const tag = /sha256-[0-9a-f]{64}\.(sig|att)/.exec(uri)?.[0] ?? '';
  const path = `/v2/team/app/manifests/${tag}`;
  const manifest = parseCosignManifest((await registry.client().send(path)).body);
  assert.ok(manifest);
  const layers = manifest.layers.map((layer) => ({
    ...layer,
    annotations: { ...layer.annotations, [annotation]: text },
  }));
  const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
  const body = JSON.stringify({ ...manifest, layers });
  assert.equal((await registry.client().send(path, { method: 'PUT', headers, body })).status, 201);
}

describe('the annotations of a signature in cosign tags', () => {
  for (const form of FORMS) {
    it(`is read back with it, and missed when it is gone or another, until it is stored again (${form})`, async () => {
      const artifact = await witnessed(form);
      const other = await witnessed(form);
      const locations = await stored(artifact);
      const [place] = locations;
      assert.ok(place !== undefined);
      assert.deepEqual(await judged(artifact, locations), { state: 'Verified' });
      const damages: readonly (readonly [annotation: string, text: string, message: RegExp])[] = [
        [CERTIFICATE, '', /not what was signed and stored: it differs in the certificate/],
        [CERTIFICATE, other.certificate?.chain ?? '', /not what was signed and stored: it differs in the certificate/],
        [CERTIFICATE, 'nonsense', /the certificate cannot be read/],
        [LOG_ENTRY, '', /not what was signed and stored: it differs in the log entries/],
        [LOG_ENTRY, '{}', /the log entry of the signature cannot be read/],
      ];
      for (const [annotation, text, message] of damages) {
        await change(place, annotation, text);
        const fact = await judged(artifact, locations);
        assert.ok(typeof fact !== 'string' && fact.state === 'Failed', annotation);
        assert.match(fact.message ?? '', message);
        await stored(artifact);
        assert.deepEqual(await judged(artifact, locations), { state: 'Verified' });
      }
    });
  }

  it('cannot be judged once the policy is gone, and is not called wrong then', async () => {
    const artifact = await witnessed('InTotoStatement');
    const { trustedRoot, ...spec } = policy.spec;
    assert.ok(trustedRoot);
    const locations = await stored(artifact);
    assert.equal(await judged(artifact, locations, { policy: undefined }), 'Undecidable');
    assert.equal(await judged(artifact, locations, { policy: { ...policy, spec } }), 'Undecidable');
  });

  it('does not verify where the record does not say what lies in a place', async () => {
    const artifact = await witnessed('InTotoStatement');
    const locations = (await stored(artifact)).map(({ uri, digest }) => ({
      uri,
      ...(digest === undefined ? {} : { digest }),
    }));
    const fact = await judged(artifact, locations);
    assert.ok(typeof fact !== 'string' && fact.state === 'Failed');
    assert.match(
      fact.message ?? '',
      /does not say which of its artifacts is stored there; "hallmark backfill" writes them again/,
    );
  });
});
