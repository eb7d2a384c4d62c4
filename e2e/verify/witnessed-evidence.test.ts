// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import type { RunSigner } from '../../src/signing/run-signer.ts';
import { verifyStored } from '../../src/verify/verify-stored.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { CosignBlobs, tampered } from '../sigstore/cosign-blobs.ts';
import { SigstoreJudge } from '../sigstore/sigstore-judge.ts';
import { account, keySigner, SigstoreBed, team } from '../sigstore/sigstore-bed.ts';
import { Judges } from './judges.ts';
import type { Accepted } from './judges.ts';

const identity = `https://kubernetes.io/namespaces/${team}/serviceaccounts/${account}`;
let bed: SigstoreBed;
let cosign: CosignBlobs;
let sigstore: SigstoreJudge;

before(async () => {
  bed = await SigstoreBed.start({ fulcio: true, rekorV1: true, rekorV2: true, timestampAuthority: true });
  cosign = await CosignBlobs.start(bed.supervisor, bed.stack.trustedRoot);
  sigstore = await SigstoreJudge.start(bed.supervisor, bed.stack.trustedRoot);
});
after(async () => {
  await sigstore.stop();
  await bed.stop();
});

/** With an entry of the log and a timestamp of the authority. */
async function witnessed(log: 1 | 2, signer: RunSigner): Promise<SignedArtifact> {
  return bed.witnessed(await bed.signed('InTotoStatement', signer), { log, isTimestamped: true });
}

interface Kind {
  readonly title: string;
  readonly version: 1 | 2;
  readonly signer: () => Promise<RunSigner>;
  readonly accepted: (artifact: SignedArtifact) => Accepted;
  readonly cosign: () => readonly string[] | undefined;
}

const byKey = ({ keyID, publicKey }: SignedArtifact): Accepted => ({ keys: [{ keyID, publicKey }] });
const byCertificate = (): Accepted => ({ identities: [{ identity, issuer: bed.issuer.url }] });
const certificateArguments = () => [
  `--certificate-identity=${identity}`,
  `--certificate-oidc-issuer=${bed.issuer.url}`,
  '--insecure-ignore-sct',
  // Without it cosign does not look at timestamps.
  '--use-signed-timestamps',
];

const kinds: readonly Kind[] = [
  {
    title: 'a key and Rekor v1',
    version: 1,
    signer: () => Promise.resolve(keySigner()),
    accepted: byKey,
    cosign: () => undefined,
  },
  {
    title: 'a key and Rekor v2',
    version: 2,
    signer: () => Promise.resolve(keySigner()),
    accepted: byKey,
    cosign: () => undefined,
  },
  {
    title: 'a certificate and Rekor v1',
    version: 1,
    signer: () => bed.keyless(),
    accepted: byCertificate,
    cosign: certificateArguments,
  },
  {
    title: 'a certificate and Rekor v2',
    version: 2,
    signer: () => bed.keyless(),
    accepted: byCertificate,
    cosign: certificateArguments,
  },
];

for (const { title, version, signer, accepted, cosign: trust } of kinds) {
  describe(`what ${title} vouch for`, () => {
    let artifact: SignedArtifact;
    let other: SignedArtifact;
    let judges: Judges;
    before(async () => {
      artifact = await witnessed(version, await signer());
      other = await witnessed(version, await signer());
      const expectations = { trustedRoot: bed.trustedRoot, logs: 1, timestamps: 1, ...accepted(artifact) };
      const cosignTrust = trust() ?? ['--use-signed-timestamps', ...keyArgument(artifact)];
      judges = new Judges({ cosign, sigstore, cosignTrust }, expectations);
    });

    it('is accepted by Hallmark, cosign and sigstore', () => judges.accept(artifact));

    it('is refused by all when payload or signature is another', async () => {
      const payload = Buffer.from(artifact.payload.toString('utf8').replace('blob', 'blub'));
      assert.notDeepEqual(payload, artifact.payload);
      await judges.refuse({ ...artifact, payload }, 'SignatureInvalid');
      const signature = Buffer.from(artifact.signature);
      signature[10] = (signature[10] ?? 0) ^ 1;
      await judges.refuse({ ...artifact, signature }, 'SignatureInvalid');
      await judges.refuse({ ...artifact, signature: other.signature }, 'SignatureInvalid');
    });

    if (accepted === byCertificate) {
      it('is refused by all when the certificate is of another key', async () => {
        const { certificate } = other;
        assert.ok(certificate !== undefined);
        await judges.refuse({ ...artifact, certificate }, 'SignatureInvalid');
      });
    }

    it('is refused by all when the log entry is of something else, or its proof does not hold', async () => {
      for (const [what, changed] of tampered(artifact, other)) {
        const code = what === 'no entry' ? 'LogEntryMissing' : 'LogEntryInvalid';
        await judges.refuse(changed, code);
      }
    });

    it('is refused by all when the timestamp is of something else, or is damaged', async () => {
      const { timestamps: [theirs] = [] } = other;
      const { timestamps: [ours] = [] } = artifact;
      assert.ok(theirs !== undefined && ours !== undefined);
      await judges.refuse({ ...artifact, timestamps: [theirs] }, 'TimestampInvalid');
      const token = Buffer.from(ours.token, 'base64');
      token[token.length - 5] = (token[token.length - 5] ?? 0) ^ 1;
      await judges.refuse(
        { ...artifact, timestamps: [{ ...ours, token: token.toString('base64') }] },
        'TimestampInvalid',
      );
      await judges.refuse({ ...artifact, timestamps: [{ ...ours, token: 'AAAA' }] }, 'TimestampInvalid');
    });

    it('counts once, however often entry and timestamp are attached', async () => {
      const { logEntries: [entry] = [], timestamps: [timestamp] = [] } = artifact;
      assert.ok(entry !== undefined && timestamp !== undefined);
      const twice = { ...artifact, logEntries: [entry, entry], timestamps: [timestamp, timestamp] };
      await judges.refuse(twice, 'TimestampInvalid');
    });

    it('is what is read back from a backend, as a bundle', () => {
      const signature = Buffer.from(sigstoreBundleText(artifact));
      const stored = { payload: artifact.payload, signature, encoding: 'SigstoreBundle' } as const;
      const { keys = [], identities: [identityOf] = [] } = accepted(artifact);
      const trustOf = {
        keys,
        identity: identityOf,
        trustedRoot: bed.trustedRoot,
        requireLog: true,
        requireTimestamp: true,
      };
      assert.deepEqual(verifyStored(stored, artifact, { ...trustOf, now: new Date() }), []);
      const problems = verifyStored(
        stored,
        { ...artifact, timestamps: other.timestamps ?? [] },
        { ...trustOf, now: new Date() },
      );
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['NotWhatWasSigned'],
      );
    });
  });
}

let keys = 0;

/** The public key in a file for cosign. */
function keyArgument({ publicKey }: SignedArtifact): readonly string[] {
  keys += 1;
  const path = join(bed.supervisor.dataDirectory('keys'), `${keys}.pub`);
  writeFileSync(path, publicKey);
  return ['--key', path];
}
