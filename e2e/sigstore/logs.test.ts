// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { ArtifactForm, LogEntry, SignedArtifact } from '../../src/evidence/artifact.ts';
import { KeySigner } from '../../src/signing/key/key-signer.ts';
import { sigstoreVerify } from '../../src/signing/signer.contract.ts';
import { CosignBlobs, tampered } from './cosign-blobs.ts';
import { keySigner, never, SigstoreBed, transparencyError } from './sigstore-bed.ts';

const FORMS: readonly ArtifactForm[] = ['InTotoStatement', 'SimpleSigning', 'SigstoreStatement'];
const VERSIONS = [1, 2] as const;

let bed: SigstoreBed;
let cosign: CosignBlobs;

before(async () => {
  bed = await SigstoreBed.start({ rekorV1: true, rekorV2: true });
  cosign = await CosignBlobs.start(bed.supervisor, bed.stack.trustedRoot);
});
after(() => bed.stop());

async function logged(version: 1 | 2, artifact: SignedArtifact): Promise<SignedArtifact & { logEntries: [LogEntry] }> {
  return { ...artifact, logEntries: [await bed.log(version).testify(artifact, bed.trustedRoot, never)] };
}

for (const version of VERSIONS) {
  describe(`Rekor v${version}`, () => {
    for (const form of FORMS) {
      it(`takes a signature over a ${form}, and sigstore and cosign verify its entry`, async () => {
        const artifact = await logged(version, await bed.signed(form));
        const [{ logIndex, integratedTime, url }] = artifact.logEntries;
        assert.match(logIndex, /^\d+$/);
        assert.equal(url, version === 1 ? bed.stack.rekorV1.url : bed.stack.rekorV2.url);
        // A tiled log states no time.
        assert.equal(integratedTime !== undefined, version === 1);
        const thresholds = { tlogThreshold: 1, timestampThreshold: version === 1 ? 1 : 0 };
        const witness = (seen: SignedArtifact): Promise<SignedArtifact> => Promise.resolve(seen);
        const trustedRoot = () => Promise.resolve(bed.trustedRoot);
        await sigstoreVerify({ certified: { witness, trustedRoot, thresholds } }, artifact);
        await cosign.verify(artifact);
        const other = await logged(version, await bed.signed(form));
        for (const [what, changed] of tampered(artifact, other)) await assert.rejects(cosign.verify(changed), what);
      });
    }

    it('gives the same entry for the same signature', async () => {
      const { url } = version === 1 ? bed.stack.rekorV1 : await bed.readableLog();
      const context = bed.context({ hosts: [new URL(url).host] });
      const testify = (artifact: SignedArtifact): Promise<LogEntry> =>
        bed.log(version, { url }, context).testify(artifact, bed.trustedRoot, never);
      // Others in between, so that there is something to prove.
      await Promise.all([1, 2, 3, 4, 5].map(async () => logged(version, await bed.signed('SimpleSigning'))));
      const artifact = await bed.signed('InTotoStatement');
      const first = await testify(artifact);
      await Promise.all([1, 2].map(async () => logged(version, await bed.signed('SimpleSigning'))));
      const again = await testify(artifact);
      assert.equal(again.logIndex, first.logIndex);
      await cosign.verify({ ...artifact, logEntries: [again] });
    });

    it('is sent nothing when nothing could verify what it says, or when it is not allowed', async () => {
      const proxy = await bed.proxy(version === 1 ? bed.stack.rekorV1.url : bed.stack.rekorV2.url);
      const context = bed.context({ proxies: [proxy] });
      const artifact = await bed.signed('InTotoStatement');
      const untrusted = bed.log(version, { url: proxy.url }, context).testify(artifact, undefined, never);
      const { reason, message } = await transparencyError(untrusted);
      assert.equal(reason, 'VerificationFailed');
      assert.match(message, /set spec\.trustedRoot/);
      const unlisted = bed.log(version, { url: proxy.url, logs: [bed.stack.rekorV1.url] }, context);
      const refused = await transparencyError(unlisted.testify(artifact, bed.trustedRoot, never));
      assert.equal(refused.reason, 'EndpointForbidden');
      assert.match(refused.message, /transparency\.logs/);
      assert.deepEqual(proxy.requests, []);
    });
  });
}

describe('Rekor v1, as Chains speaks to it,', () => {
  it('is sent a dsse entry for a statement and a hashedrekord for an image signature', async () => {
    const proxy = await bed.proxy(bed.stack.rekorV1.url);
    const context = bed.context({ proxies: [proxy] });
    const sent = async (form: ArtifactForm): Promise<{ artifact: SignedArtifact; body: unknown }> => {
      const artifact = await bed.signed(form);
      await bed.log(1, { url: proxy.url }, context).testify(artifact, bed.trustedRoot, never);
      const request = proxy.requests.at(-1);
      assert.equal(`${request?.method ?? ''} ${request?.path ?? ''}`, 'POST /api/v1/log/entries');
      return { artifact, body: JSON.parse(request?.body.toString() ?? '') };
    };
    const statement = await sent('InTotoStatement');
    const { payload, payloadType, signature, publicKey, keyID } = statement.artifact;
    const signatures = [{ keyid: keyID, sig: signature.toString('base64') }];
    const envelope = JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures });
    const verifiers = [Buffer.from(publicKey).toString('base64')];
    assert.deepEqual(statement.body, {
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: { proposedContent: { envelope, verifiers }, signatures: null },
    });
    const image = await sent('SimpleSigning');
    const value = createHash('sha256').update(image.artifact.payload).digest('hex');
    const content = Buffer.from(image.artifact.publicKey).toString('base64');
    assert.deepEqual(image.body, {
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value } },
        signature: { content: image.artifact.signature.toString('base64'), publicKey: { content } },
      },
    });
  });
});

describe('keys of each kind', () => {
  const hashed = 'v1 SimpleSigning, v2 InTotoStatement, v2 SimpleSigning';
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const everything = 'v1 InTotoStatement, v1 SimpleSigning, v2 InTotoStatement, v2 SimpleSigning';
  const keys: readonly (readonly [name: string, signer: KeySigner, takenBy: string])[] = [
    ['P-256 with SHA-256', keySigner(), everything],
    // As x509.pem signs: the log verifies statements with SHA-256, whatever the curve.
    ['P-384 with SHA-256', keySigner('P-384', 'sha256'), 'v1 InTotoStatement'],
    ['P-521 with SHA-256', keySigner('P-521', 'sha256'), 'v1 InTotoStatement'],
    // As cosign's keys sign.
    ['P-384 with SHA-384', keySigner('P-384', 'sha384'), hashed],
    ['P-521 with SHA-512', keySigner('P-521', 'sha512'), hashed],
    ['RSA with SHA-256', new KeySigner(rsa, 'sha256'), everything],
    // It takes the whole message, which only entries of statements have.
    ['Ed25519', new KeySigner(generateKeyPairSync('ed25519').privateKey, null), 'v1 InTotoStatement'],
  ];
  for (const [name, signer, takenBy] of keys) {
    it(`${name} is taken as ${takenBy}, and refused otherwise with a word on the key`, async () => {
      const taken: string[] = [];
      for (const version of VERSIONS) {
        for (const form of ['InTotoStatement', 'SimpleSigning'] as const) {
          const testimony = bed.signed(form, signer).then((artifact) => logged(version, artifact));
          if (
            await testimony.then(
              () => true,
              () => false,
            )
          )
            taken.push(`v${version} ${form}`);
          else assert.match((await transparencyError(testimony)).message, /ECDSA P-256/);
        }
      }
      assert.equal(taken.join(', '), takenBy);
    });
  }
});
