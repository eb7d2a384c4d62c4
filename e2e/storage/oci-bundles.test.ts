// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { payloadDigest } from '../../src/evidence/payload-digest.ts';
import { describeStorageDriver } from '../../src/storage/contract/driver.contract.ts';
import { reasonOf } from '../../src/storage/reason-of.fixture.ts';
import { Registry } from '../testbed/registry/registry.ts';
import type { RegistryOptions } from '../testbed/registry/registry.ts';
import { laterSubject, newSigner, ociDriver, ociSubject } from './oci-bed.ts';
import { bundlesOf, listedReferrers } from './referrers.ts';
import { runTarget, signedImage, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const auth = { username: 'builder', password: 'planted-secret' };
const kinds: Readonly<Record<string, RegistryOptions>> = {
  'a registry with the referrers API and Basic authentication': { referrers: true, auth },
  'a registry without the referrers API, with tokens': { referrers: false, auth, token: true },
};

let bed: StorageBed;
let signer: KeySigner;
let namespace: string;

before(async () => {
  bed = await StorageBed.start('oci-bundles');
  namespace = await bed.namespace();
  signer = await newSigner();
});
after(() => bed.stop());

describe('OCI storage in Sigstore bundles', () => {
  for (const [title, options] of Object.entries(kinds)) {
    describe(`on ${title}`, () => {
      let registry: Registry;
      let subject: Awaited<ReturnType<typeof ociSubject>>;
      const account = options.referrers ? 'api' : 'fallback';

      before(async () => {
        registry = await Registry.start(bed.supervisor, options);
        subject = await ociSubject(
          { bed, namespace, registry, signer, account, encoding: 'SigstoreBundle' },
          async (sha256, artifact) => {
            const bundles = await bundlesOf(registry, 'team/app', sha256);
            const wanted = payloadDigest(Buffer.from(sigstoreBundleText(artifact)));
            return {
              copies: bundles.filter(({ bundle }) => bundle === wanted).length,
              text: JSON.stringify(bundles),
            };
          },
        );
      });
      after(async () => {
        await subject.stop();
        await registry.stop();
      });

      describeStorageDriver(
        'it',
        laterSubject('SigstoreBundle', () => subject),
      );

      it('loses none of the bundles that are attached to one image at once', async () => {
        const { digest } = await registry.pushImage('team/app');
        const sha256 = digest.slice('sha256:'.length);
        const of = { name: `${registry.host}/team/app`, digest: { sha256 } };
        const run = runTarget(namespace, { serviceAccountName: account });
        const statements = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => signedStatement(signer, [of], `note ${n}`)));
        const put = (statement: SignedArtifact): Promise<unknown> =>
          ociDriver(bed, namespace, { encoding: 'SigstoreBundle' }).put(statement, run, never);
        await Promise.all(statements.map(put));
        assert.equal((await bundlesOf(registry, 'team/app', sha256)).length, 6);
      });

      it('writes manifest, annotations and artifact types as the reference does', async () => {
        const { run, attestation } = await subject.fixture();
        const [location] = await subject.driver().put(attestation, run, never);
        const sha256 = attestation.subjects[0]?.digest['sha256'] ?? '';
        const [found] = await bundlesOf(registry, 'team/app', sha256);
        const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
        const text = sigstoreBundleText(attestation);
        const image = await registry.client().send(`/v2/team/app/manifests/sha256:${sha256}`);
        assert.deepEqual(found?.manifest, {
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          config: {
            mediaType: 'application/vnd.oci.empty.v1+json',
            size: 2,
            digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
            artifactType: type,
          },
          layers: [{ mediaType: type, size: text.length, digest: payloadDigest(Buffer.from(text)) }],
          annotations: {
            'dev.sigstore.bundle.content': 'dsse-envelope',
            'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1',
            'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
          },
          subject: {
            mediaType: image.headers['content-type'],
            size: image.body.length,
            digest: `sha256:${sha256}`,
          },
          artifactType: type,
        });
        assert.ok(location?.uri.endsWith(`/team/app@${found.digest}`) === true, location?.uri);
        assert.equal(location.digest, found.bundle);
      });

      it('keeps what lies in another repository already, and reads back from there', async () => {
        const { run, attestation } = await subject.fixture();
        const sha256 = attestation.subjects[0]?.digest['sha256'] ?? '';
        const repository = `${registry.host}/evidence/all`;
        const driver = ociDriver(bed, namespace, { encoding: 'SigstoreBundle', repository });
        const other = await signedStatement(signer, attestation.subjects, 'another');
        for (const artifact of [attestation, other]) {
          const [location] = await driver.put(artifact, run, never);
          assert.match(location?.uri ?? '', /\/evidence\/all@sha256:/);
          if (location !== undefined)
            assert.deepEqual((await driver.get(location, never, run)).payload, artifact.payload);
        }
        assert.equal((await bundlesOf(registry, 'evidence/all', sha256)).length, 2);
        assert.equal((await listedReferrers(registry, 'team/app', sha256)).length, 0);
      });

      it('says BackendRejected of evidence that has vanished', async () => {
        const { run, attestation } = await subject.fixture();
        const sha256 = attestation.subjects[0]?.digest['sha256'] ?? '';
        const [location] = await subject.driver().put(attestation, run, never);
        assert.ok(location);
        const gone = options.referrers ? location.uri.split('@')[1] : `sha256-${sha256}`;
        const path = `/v2/team/app/manifests/${gone ?? ''}`;
        const removed = await registry.client().send(path, { method: 'DELETE' });
        assert.equal(removed.status, 202);
        assert.equal(await reasonOf(subject.driver().get(location, never, run), /no longer/), 'BackendRejected');
      });

      it('has no place for evidence about a blob alone, and skips it when there is an image', async () => {
        const { digest } = await registry.pushImage('team/app');
        const manifest = await registry.client().send(`/v2/team/app/manifests/${digest}`);
        const [, blob = ''] = /"config":\{[^}]*"digest":"sha256:([a-f0-9]{64})"/.exec(manifest.body.toString()) ?? [];
        const name = `${registry.host}/team/app`;
        const [file, image] = [blob, digest.slice('sha256:'.length)].map((sha256) => ({ name, digest: { sha256 } }));
        assert.ok(file !== undefined && image !== undefined);
        const run = runTarget(namespace, { serviceAccountName: account });
        const driver = ociDriver(bed, namespace, { encoding: 'SigstoreBundle' });
        const alone = driver.put(await signedStatement(signer, [file]), run, never);
        assert.equal(await reasonOf(alone, /is a blob and no image.*CosignTags/), 'NoSubjects');
        assert.equal((await driver.put(await signedStatement(signer, [file, image]), run, never)).length, 1);
      });

      it('has no place for a simple signing, and says what to change', async () => {
        const { run, attestation } = await subject.fixture();
        const [of] = attestation.subjects;
        const simple = await signedImage(signer, of?.name ?? '', of?.digest['sha256'] ?? '');
        const rejected = subject.driver().put(simple, run, never);
        assert.equal(await reasonOf(rejected, /imageSignatures\.formats SigstoreStatement/), 'BackendRejected');
      });
    });
  }
});
