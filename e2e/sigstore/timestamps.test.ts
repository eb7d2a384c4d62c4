// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import type { ArtifactForm, SignedArtifact, Timestamp } from '../../src/evidence/artifact.ts';
import { keylessSource } from '../../src/signing/keyless/keyless-source.ts';
import { sigstoreVerify } from '../../src/signing/signer.contract.ts';
import { logWitness } from '../../src/transparency/log-witness.ts';
import type { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Fault, ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import { TimestampAuthority, trustedRoot } from '../testbed/index.ts';
import { CosignBlobs } from './cosign-blobs.ts';
import { account, never, SigstoreBed, team, transparencyError } from './sigstore-bed.ts';

const FORMS: readonly ArtifactForm[] = ['InTotoStatement', 'SimpleSigning', 'SigstoreStatement'];
const witness = (seen: SignedArtifact): Promise<SignedArtifact> => Promise.resolve(seen);

describe('a timestamp authority', () => {
  let bed: SigstoreBed;
  let cosign: CosignBlobs;
  let proxy: FaultProxy;
  let url: string;
  let context: ReturnType<SigstoreBed['context']>;

  before(async () => {
    bed = await SigstoreBed.start({ timestampAuthority: true, fulcio: true });
    cosign = await CosignBlobs.start(bed.supervisor, bed.stack.trustedRoot);
    proxy = await bed.proxy(bed.stack.timestampAuthority.url);
    url = bed.stack.timestampAuthority.url.replace(bed.stack.timestampAuthority.server.host, proxy.host);
    context = bed.context({ proxies: [proxy] });
  });
  after(() => bed.stop());
  afterEach(() => {
    proxy.heal();
  });

  const testify = (artifact: SignedArtifact, signal = never): Promise<Timestamp> =>
    bed.authority(url, context).testify(artifact, bed.trustedRoot, signal);

  async function keyless(): Promise<SignedArtifact> {
    const signer = {
      type: 'Keyless',
      keyless: { fulcioURL: bed.stack.fulcio.url, serviceAccountName: account },
    } as const;
    const definition = { kind: 'SigningPolicy', description: 'p', homeNamespace: team, signer } as const;
    return bed.signed('InTotoStatement', await keylessSource(definition, context).signer(never));
  }

  for (const form of FORMS) {
    it(`stamps a signature over a ${form}, and sigstore and cosign verify it`, async () => {
      const artifact = await bed.signed(form);
      const timestamp = await testify(artifact);
      assert.ok(Math.abs(Date.now() - Date.parse(timestamp.time)) < 60_000);
      const stamped = { ...artifact, timestamps: [timestamp] };
      const thresholds = { tlogThreshold: 0, timestampThreshold: 1 };
      const root = (): Promise<TrustedRoot> => Promise.resolve(bed.trustedRoot);
      await sigstoreVerify({ certified: { witness, trustedRoot: root, thresholds } }, stamped);
      const key = cosign.keyOf(artifact);
      await cosign.verify(stamped, [...key, '--insecure-ignore-tlog=true', '--use-signed-timestamps']);
      const other = { ...artifact, timestamps: [await testify(await bed.signed(form))] };
      await assert.rejects(cosign.verify(other, [...key, '--insecure-ignore-tlog=true', '--use-signed-timestamps']));
    });
  }

  it('says when a certificate was used, which cosign believes, and no other certificate', async () => {
    const artifact = await keyless();
    const stamped = { ...artifact, timestamps: [await testify(artifact)] };
    const { identity = '', issuer = '' } = artifact.certificate ?? {};
    const trust = (who: string): readonly string[] => [
      `--certificate-identity=${who}`,
      `--certificate-oidc-issuer=${issuer}`,
      '--insecure-ignore-sct',
      '--insecure-ignore-tlog=true',
      '--use-signed-timestamps',
    ];
    await cosign.verify(stamped, trust(identity));
    await assert.rejects(cosign.verify(stamped, trust(`${identity}x`)));
    await assert.rejects(cosign.verify(stamped, trust(identity.slice(0, -1))), 'a part of the identity');
    const { certificate } = await keyless();
    assert.ok(certificate);
    await assert.rejects(cosign.verify({ ...stamped, certificate }, trust(identity)), 'the certificate of another key');
    await assert.rejects(cosign.verify(artifact, trust(identity)), 'no timestamp');
  });

  it('is asked nothing when nothing could verify what it says', async () => {
    const asked = proxy.requests.length;
    const artifact = await bed.signed('InTotoStatement');
    const { reason, message } = await transparencyError(
      bed.authority(url, context).testify(artifact, undefined, never),
    );
    assert.equal(reason, 'VerificationFailed');
    assert.match(message, /set spec\.trustedRoot/);
    assert.equal(proxy.requests.length, asked);
  });

  const failures: readonly Fault[] = [
    { type: 'Status', status: 500 },
    { type: 'Status', status: 400, body: 'planted-text-of-the-authority' },
    { type: 'Garbage' },
    { type: 'Endless' },
    { type: 'Truncated' },
    { type: 'Halved' },
    { type: 'RedirectLoop' },
    { type: 'Reset' },
    { type: 'LostAnswer' },
  ];
  for (const fault of failures) {
    it(`is waited for: ${'status' in fault ? `${fault.type} ${fault.status}` : fault.type}`, async () => {
      proxy.fail(fault);
      const { reason, message } = await transparencyError(testify(await bed.signed('InTotoStatement')));
      assert.equal(reason, 'TimestampAuthorityUnavailable');
      assert.ok(message.includes(proxy.host), message);
      assert.doesNotMatch(message, /planted-text/);
    });
  }

  it('is waited for as long as it asks, and given up when the call is aborted', async () => {
    proxy.fail({ type: 'Status', status: 503, headers: { 'retry-after': '9' } });
    const artifact = await bed.signed('InTotoStatement');
    assert.equal((await transparencyError(testify(artifact))).retryAfterSeconds, 9);
    proxy.fail({ type: 'Hang' });
    const why = new Error('enough');
    const giveUp = new AbortController();
    const asked = testify(artifact, giveUp.signal);
    giveUp.abort(why);
    await assert.rejects(asked, (error) => error === why);
  });

  it('is not believed about another signature', async () => {
    let earlier: Buffer | undefined;
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
      earlier ??= answer.body;
      return { ...answer, body: earlier };
    };
    proxy.fail({ type: 'Rewrite', rewrite });
    await testify(await bed.signed('InTotoStatement'));
    assert.equal((await transparencyError(testify(await bed.signed('InTotoStatement')))).reason, 'VerificationFailed');
  });

  it('is not believed when its answer was changed', async () => {
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
      const body = Buffer.from(answer.body);
      // The last byte is one of the signature.
      body.writeUInt8(body.readUInt8(body.length - 1) ^ 1, body.length - 1);
      return { ...answer, body };
    };
    proxy.fail({ type: 'Rewrite', rewrite });
    assert.equal((await transparencyError(testify(await bed.signed('InTotoStatement')))).reason, 'VerificationFailed');
  });

  it('is not believed when it refuses', async () => {
    // TimeStampResp with PKIStatus rejection and no token.
    const refusal = Buffer.from('30053003020102', 'hex');
    proxy.fail({ type: 'Rewrite', rewrite: (answer) => ({ ...answer, body: refusal }) });
    const { reason, message } = await transparencyError(testify(await bed.signed('InTotoStatement')));
    assert.equal(reason, 'TimestampAuthorityUnavailable');
    assert.match(message, /PKI status 2/);
  });

  it('is not believed when it is none of the trusted root', async () => {
    const stranger = await TimestampAuthority.start(bed.supervisor);
    const open = bed.context({ hosts: [stranger.server.host] });
    const artifact = await bed.signed('InTotoStatement');
    const testimony = bed.authority(stranger.url, open).testify(artifact, bed.trustedRoot, never);
    assert.equal((await transparencyError(testimony)).reason, 'VerificationFailed');
    const root = TrustedRoot.fromJSON(JSON.parse(await trustedRoot({ timestampAuthority: stranger })));
    assert.equal((await bed.authority(stranger.url, open).testify(artifact, root, never)).url, stranger.url);
  });

  it('is not believed about a certificate that the trusted root does not know', async () => {
    const { timestampAuthority } = bed.stack;
    const root = TrustedRoot.fromJSON(JSON.parse(await trustedRoot({ timestampAuthority })));
    const testimony = bed.authority(url, context).testify(await keyless(), root, never);
    assert.equal((await transparencyError(testimony)).reason, 'VerificationFailed');
  });

  it('is not needed to know that a certificate is of a stranger: nothing of it is sent to a log', async () => {
    const { timestampAuthority } = bed.stack;
    const root = TrustedRoot.fromJSON(JSON.parse(await trustedRoot({ timestampAuthority })));
    const asked = proxy.requests.length;
    const logged = logWitness({ url: proxy.url, apiVersion: 1, logs: [proxy.url] }, context);
    const { reason, message } = await transparencyError(logged.testify(await keyless(), root, never));
    assert.equal(reason, 'VerificationFailed');
    assert.match(message, /not issued by an authority of spec\.trustedRoot/);
    assert.equal(proxy.requests.length, asked);
  });

  it('is waited for while it is down', async () => {
    const artifact = await bed.signed('InTotoStatement');
    const straight = (): Promise<Timestamp> => bed.authority().testify(artifact, bed.trustedRoot, never);
    await bed.stack.timestampAuthority.server.down();
    assert.equal((await transparencyError(straight())).reason, 'TimestampAuthorityUnavailable');
    await bed.stack.timestampAuthority.server.up();
    assert.equal((await straight()).url, bed.stack.timestampAuthority.url);
  });
});
