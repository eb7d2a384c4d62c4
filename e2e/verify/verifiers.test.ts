// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dsseEnvelope } from '../../src/evidence/dsse-envelope.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { signedBytes } from '../../src/evidence/signed-bytes.ts';
import { TestLog } from '../../src/verify/test-log.fixture.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { moduleDirectory } from '../testbed/tekton/module-directory.ts';
import { ended, newSigner, VerifyBed } from './verify-bed.ts';
import type { Ended, SignedImage } from './verify-bed.ts';

const crdModules = join(import.meta.dirname, 'verifier-crds');
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
    const rules = join(directory('opa'), 'policy.rego');
    writeFileSync(rules, await trust('opa'));
    const judge = async (artifact: SignedArtifact, digest: string): Promise<Ended> => {
      const input = `{"envelope": ${dsseEnvelope(artifact)}, "digest": ${JSON.stringify(digest)}}`;
      const args = ['eval', '--stdin-input', '--fail', '--data', rules, 'data.hallmark.allow == true'];
      return ended(runCommand(opa, args, { env: bed.storage.supervisor.environment(), stdin: input }));
    };
    const provenance = await about(image, {});
    const good = await judge(provenance, image.digest);
    assert.deepEqual([good.code, good.out.trim()], [0, 'true'], good.err);
    const bad: readonly (readonly [SignedArtifact, string])[] = [
      [provenance, `sha256:${'b'.repeat(64)}`],
      [provenance, ''],
      [{ ...provenance, payloadType: 'text/plain' }, image.digest],
      [await about(image, { builder: 'https://evil.example' }), image.digest],
      [await about(image, { buildType: 'https://evil.example' }), image.digest],
      [await about(image, { predicateType: 'https://spdx.dev/Document' }), image.digest],
      [{ ...provenance, payload: Buffer.from('{') }, image.digest],
    ];
    for (const [artifact, digest] of bad) {
      const { out } = await judge(artifact, digest);
      assert.notEqual(out.trim(), 'true', artifact.payload.toString('utf8'));
    }
  });

  it("prints manifests that the CRDs of Kyverno and of sigstore's policy-controller take, strictly", async () => {
    const kyverno = await moduleDirectory(crdModules, 'github.com/kyverno/kyverno');
    const controller = await moduleDirectory(crdModules, 'github.com/sigstore/policy-controller');
    const crds = [
      join(kyverno, 'config/crds/kyverno/kyverno.io_clusterpolicies.yaml'),
      join(controller, 'config/300-clusterimagepolicy.yaml'),
      join(controller, 'config/300-trustroot.yaml'),
    ].map(withoutConversion);
    const kubectl = (args: readonly string[], stdin: string) =>
      bed.storage.plane.kubectl([...args, '-f', '-'], { stdin });
    for (const crd of crds) await kubectl(['create'], crd);
    for (const crd of crds) await kubectl(['wait', '--for=condition=Established', '--timeout=60s'], crd);
    const strict = ['create', '--dry-run=server', '--validate=strict'];
    const kinds = { kyverno: /^clusterpolicy\.kyverno\.io\/hallmark-/m, 'policy-controller': /^clusterimagepolicy\./m };
    for (const [verifier, created] of Object.entries(kinds)) {
      const manifests = await trust(verifier);
      assert.match((await kubectl(strict, manifests)).stdout, created);
      // The check itself can fail: a field that does not exist is refused.
      const mistyped = manifests.replace(/^(\s*)(publicKeys|data):/m, '$1unknownField: x\n$1$2:');
      await assert.rejects(kubectl(strict, mistyped), /unknownField/);
    }
    const keyless = await bed.hallmark('trust', '-f', keylessPolicy(), '-o', 'policy-controller');
    assert.equal(keyless.code, 0, keyless.err);
    const { stdout } = await kubectl(strict, keyless.out);
    assert.match(stdout, /trustroot\.policy\.sigstore\.dev\/hallmark-team-keyless created/);
    const kyvernoKeyless = await bed.hallmark('trust', '-f', keylessPolicy(), '-o', 'kyverno');
    assert.match((await kubectl(strict, kyvernoKeyless.out)).stdout, /created/);
    for (const [verifier, word] of Object.entries({ kyverno: 'SigstoreBundle', 'policy-controller': 'bundle' })) {
      const inBundles = await bed.hallmark('trust', '-f', keylessPolicy(['SigstoreStatement']), '-o', verifier);
      assert.equal(inBundles.code, 0, inBundles.err);
      assert.ok(inBundles.out.includes(`: ${word}\n`), inBundles.out);
      assert.match((await kubectl(strict, inBundles.out)).stdout, /created/);
    }
  });

  it('prints the key for Conforma', async () => {
    const printed = await trust('conforma');
    assert.ok(printed.includes(bed.signer.publicKey.split('\n')[1] ?? 'missing'), printed);
    assert.match(printed, /--ignore-rekor/);
  });

  it('refuses a policy that publishes nothing, and one that is not there', async () => {
    const file = join(directory('policies'), 'bare.yaml');
    writeFileSync(file, readFileSync(keylessPolicy(), 'utf8').replace(/"status":.*\}$/, '"status":{}}'));
    assert.equal((await bed.hallmark('trust', '-f', file, '-o', 'cosign')).code, 2);
    assert.equal((await bed.hallmark('trust', 'none', '-n', bed.namespace, '-o', 'cosign')).code, 3);
    assert.equal((await bed.hallmark('trust', 'release', '-o', 'notary')).code, 2);
  });
});

/** The CRD without the webhook that converts between versions, which does not run here. */
function withoutConversion(path: string): string {
  return readFileSync(path, 'utf8').replace(/\n {2}conversion:\n(?: {4}.*\n)+/, '\n');
}

/** A keyless policy with its status, in a file. */
function keylessPolicy(formats: readonly string[] = ['SimpleSigning']): string {
  const path = join(directory('policies'), 'keyless.json');
  const root = issueCertificate({ name: 'Root', isAuthority: true });
  const inline = JSON.stringify({
    tlogs: [new TestLog().trust],
    certificateAuthorities: [
      {
        subject: { organization: 'team', commonName: 'Root' },
        uri: 'https://fulcio.example',
        certChain: { certificates: [{ rawBytes: root.der.toString('base64') }] },
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
    ],
  });
  writeFileSync(
    path,
    JSON.stringify({
      apiVersion: 'hallmark.dev/v1alpha1',
      kind: 'SigningPolicy',
      metadata: { name: 'keyless', namespace: 'team' },
      spec: {
        signer: { type: 'Keyless', keyless: { fulcioURL: 'https://fulcio.example', serviceAccountName: 'signer' } },
        transparency: { type: 'Rekor', rekor: { url: 'https://log.example' } },
        trustedRoot: { type: 'Inline', inline },
        imageSignatures: { formats },
      },
      status: {
        certificateIdentity: {
          identity: 'https://kubernetes.io/namespaces/team/serviceaccounts/signer',
          issuer: 'https://issuer.example',
        },
      },
    }),
  );
  return path;
}

/** A provenance statement of the image as the policy states it, except for these changes. */
async function about(
  { name, digest }: SignedImage,
  differing: { readonly builder?: string; readonly buildType?: string; readonly predicateType?: string },
): Promise<SignedArtifact> {
  const [attestation] = image.artifacts;
  assert.ok(attestation !== undefined);
  const { builder = 'https://tekton.dev/chains/v2', buildType = 'https://tekton.dev/chains/v2/slsa' } = differing;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name, digest: { sha256: digest.slice('sha256:'.length) } }],
    predicateType: differing.predicateType ?? 'https://slsa.dev/provenance/v1',
    predicate: { buildDefinition: { buildType }, runDetails: { builder: { id: builder } } },
  };
  const unsigned = { ...attestation, payload: Buffer.from(JSON.stringify(statement)) };
  return { ...unsigned, signature: (await bed.signer.sign(signedBytes(unsigned))).signature };
}
