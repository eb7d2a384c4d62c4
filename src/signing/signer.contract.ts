// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { signedBytes } from '../evidence/signed-bytes.ts';
import { parseSigstoreBundle, sigstoreBundleText } from '../evidence/sigstore-bundle.ts';
import { contractArtifact } from './contract-artifacts.fixture.ts';
import type { RunSigner } from './run-signer.ts';
import type { Digest } from './signing-algorithm.ts';
import type { SigningSource } from './signing-source.ts';
import { sshKeyID } from './ssh-key-id.ts';

/** The subject that a signer's test gives the contract. */
export interface SignerSubject {
  /** A source that can sign now, on its real service; the contract closes it. */
  source(): Promise<SigningSource>;
  /** Hash of the signatures; null for Ed25519, which hashes by itself. */
  readonly digest: Digest | null;
  /** Keys, passwords and tokens that nothing may show. */
  readonly secrets: readonly string[];
  /** For a signer with certificates: the trust that makes them valid. */
  readonly certified?: {
    /** Adds what a log or timestamp authority says of the signature. */
    witness(artifact: SignedArtifact): Promise<SignedArtifact>;
    /** The root that certificates and witnesses verify against. */
    trustedRoot(): Promise<TrustedRoot>;
    /** The number of log entries and signed times that {@link SignerSubject.certified.witness} adds. */
    readonly thresholds: { readonly tlogThreshold: number; readonly timestampThreshold: number };
  };
}

const never = new AbortController().signal;
const BLOB = { name: 'blob', sha256: createHash('sha256').update('blob').digest('hex') };
const FORMS = ['InTotoStatement', 'SimpleSigning', 'SigstoreStatement'] as const;

/** The behaviour of every signer, whatever holds its key. */
export function describeSigner(name: string, subject: SignerSubject): void {
  const signed = async (form: (typeof FORMS)[number], from: RunSigner): Promise<SignedArtifact> => {
    const artifact = await contractArtifact(form, BLOB, from);
    return subject.certified === undefined ? artifact : subject.certified.witness(artifact);
  };
  const withSource = async <T>(work: (source: SigningSource) => Promise<T>): Promise<T> => {
    const source = await subject.source();
    try {
      return await work(source);
    } finally {
      await source.close();
    }
  };
  const withSigner = (work: (signer: RunSigner) => Promise<void>): Promise<void> =>
    withSource(async (source) => work(await source.signer(never)));

  describe(`${name}, as every signer,`, () => {
    it('makes signatures that its public key verifies, over exactly these bytes', () =>
      withSigner(async (signer) => {
        for (const form of FORMS) {
          const artifact = await contractArtifact(form, BLOB, signer);
          const bytes = signedBytes(artifact);
          assert.ok(verify(subject.digest, bytes, signer.publicKey, artifact.signature), form);
          assert.ok(
            !verify(subject.digest, Buffer.concat([bytes, Buffer.from(' ')]), signer.publicKey, artifact.signature),
          );
        }
      }));

    it('goes by the OpenSSH fingerprint of its public key', () =>
      withSigner((signer) => {
        const key = createPublicKey(signer.publicKey);
        assert.equal(signer.keyID, sshKeyID(key));
        if (signer.certificate !== undefined) {
          const leaf = new X509Certificate(signer.certificate.chain);
          assert.ok(leaf.publicKey.equals(key), 'the certificate is of this key');
        }
        return Promise.resolve();
      }));

    it('says by whom its signatures are when it is checked', () =>
      withSource(async (source) => {
        const check = await source.check(never);
        const { keyID, publicKey, certificate } = await source.signer(never);
        if (certificate === undefined) {
          assert.equal(check.active?.keyID, keyID);
          assert.equal(check.active.publicKey, publicKey);
        } else {
          const { identity, issuer } = certificate;
          assert.equal(check.active, undefined);
          assert.deepEqual(check.keyless, { identity, issuer });
        }
      }));

    it('signs many things at once', () =>
      withSigner(async (signer) => {
        const texts = Array.from({ length: 20 }, (_, index) => Buffer.from(`text ${index}`));
        const signatures = await Promise.all(texts.map((text) => signer.sign(text)));
        for (const [index, { signature }] of signatures.entries()) {
          assert.ok(verify(subject.digest, texts[index] ?? Buffer.alloc(0), signer.publicKey, signature));
        }
      }));

    it('makes bundles that @sigstore/verify accepts, and refuses once anything in them is changed', () =>
      withSigner(async (signer) => {
        for (const form of FORMS) {
          if (!isVerifiedBySigstore(subject.digest, signer, form)) continue;
          const artifact = await signed(form, signer);
          await sigstoreVerify(subject, artifact);
          const other = await signed(form, signer);
          const changed: readonly SignedArtifact[] = [
            { ...artifact, payload: Buffer.from(artifact.payload.toString().replace('blob', 'blop')) },
            { ...artifact, signature: flipped(artifact.signature) },
            { ...artifact, signature: Buffer.alloc(0) },
            ...(subject.certified === undefined ? [] : [{ ...artifact, signature: other.signature }]),
          ];
          for (const tampered of changed) await assert.rejects(sigstoreVerify(subject, tampered), form);
        }
      }));

    it('ends when its signal aborts', () =>
      withSource(async (source) => {
        const why = new Error('enough');
        await assert.rejects(source.signer(AbortSignal.abort(why)), (error) => error === why);
        await assert.rejects(source.check(AbortSignal.abort(why)), (error) => error === why);
      }));

    it('shows no secret when it is printed', () =>
      withSource(async (source) => {
        const signer = await source.signer(never);
        await signer.sign(Buffer.from('x'));
        const shown = [source, signer, await source.check(never)]
          .map((value) => inspect(value, { depth: 12, showHidden: true }))
          .join('\n');
        for (const secret of subject.secrets) assert.ok(!shown.includes(secret), 'a secret is shown');
      }));
  });
}

/** Rejects unless @sigstore/verify takes the artifact's bundle, read back from its JSON. */
export async function sigstoreVerify(
  { certified }: Pick<SignerSubject, 'certified'>,
  artifact: SignedArtifact,
): Promise<void> {
  const bundle = parseSigstoreBundle(sigstoreBundleText(artifact));
  const root = certified === undefined ? TrustedRoot.fromJSON({}) : await certified.trustedRoot();
  const publicKey = createPublicKey(artifact.publicKey);
  const material = toTrustMaterial(root, () => ({ publicKey, validFor: () => true }));
  const thresholds = certified?.thresholds ?? { tlogThreshold: 0, timestampThreshold: 0 };
  const verifier = new Verifier(material, { ctlogThreshold: 0, ...thresholds });
  const signerSeen = verifier.verify(toSignedEntity(bundle, artifact.payload));
  assert.ok(signerSeen.key.equals(publicKey));
  if (artifact.certificate !== undefined) {
    assert.equal(signerSeen.identity?.subjectAlternativeName, artifact.certificate.identity);
    assert.equal(signerSeen.identity.extensions?.issuer, artifact.certificate.issuer);
  }
}

/**
 * @sigstore/verify, like cosign, takes SHA-256 for every curve and RSA key, and knows no Ed25519 signature of bare bytes. `hallmark
 * verify` verifies the other signatures.
 */
function isVerifiedBySigstore(digest: Digest | null, { publicKey }: RunSigner, form: (typeof FORMS)[number]): boolean {
  const isEd25519 = createPublicKey(publicKey).asymmetricKeyType === 'ed25519';
  return isEd25519 ? form !== 'SimpleSigning' : digest === 'sha256';
}

function flipped(signature: Buffer): Buffer {
  const copy = Buffer.from(signature);
  const last = copy.length - 1;
  copy[last] = (copy[last] ?? 0) ^ 1;
  return copy;
}
