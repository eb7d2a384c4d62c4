// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { keylessSource } from '../../src/signing/keyless/keyless-source.ts';
import { SigningError } from '../../src/signing/signing-error.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { issueCertificate } from '../testbed/certificates/issue-certificate.ts';
import type { FaultProxy } from '../testbed/fault-proxy/fault-proxy.ts';
import type { Fault, ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import { OidcIssuer, Fulcio } from '../testbed/index.ts';
import { account, never, SigstoreBed, team } from './sigstore-bed.ts';

/** The SigningError that a promise rejects with; nothing of it shows a token. */
async function signingError(promise: Promise<unknown>, tokens: readonly string[]): Promise<SigningError> {
  const error: unknown = await promise.then(
    () => new Error('it succeeded'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof SigningError, String(error));
  const shown = inspect(error, { depth: 10, showHidden: true });
  for (const token of tokens) assert.ok(!shown.includes(token) && !shown.includes(token.slice(0, 40)), 'shows a token');
  return error;
}

describe('Fulcio', () => {
  let bed: SigstoreBed;
  let proxy: FaultProxy;
  let context: ReturnType<SigstoreBed['context']>;
  let source: SigningSource;

  const sourceAt = (fulcioURL: string, more: object = {}, at = context): SigningSource =>
    keylessSource(
      {
        kind: 'SigningPolicy',
        description: `SigningPolicy ${team}/builds`,
        homeNamespace: team,
        signer: { type: 'Keyless', keyless: { fulcioURL, serviceAccountName: account, ...more } },
      },
      at,
    );

  before(async () => {
    bed = await SigstoreBed.start({ fulcio: true });
    proxy = await bed.proxy(bed.stack.fulcio.url);
    context = bed.context({ proxies: [proxy] });
    source = sourceAt(proxy.url);
  });
  after(() => bed.stop());
  afterEach(() => {
    proxy.heal();
    context.tokens.forge = undefined;
  });

  it('gives a certificate of a new key for each run, with its chain', async () => {
    const [one, two] = [await source.signer(never), await source.signer(never)];
    assert.notEqual(one.keyID, two.keyID);
    const { certificate } = one;
    assert.equal(certificate?.identity, `https://kubernetes.io/namespaces/${team}/serviceaccounts/${account}`);
    assert.equal(certificate.issuer, bed.issuer.url);
    const pems = certificate.chain.match(/-----BEGIN[^]+?-----END CERTIFICATE-----\n/g) ?? [];
    const expected = bed.stack.fulcio.chain.map(({ der }) => der.toString('base64'));
    assert.deepEqual(
      pems.slice(1).map((pem) => new X509Certificate(pem).raw.toString('base64')),
      expected,
    );
    assert.equal(certificate.notAfter.getTime() - certificate.notBefore.getTime(), 600_000);
  });

  it('is asked with a token for itself alone', () => {
    for (const { host, audience, namespace, serviceAccountName } of context.tokens.asked) {
      assert.deepEqual([host, audience, namespace, serviceAccountName], [proxy.host, 'sigstore', team, account]);
    }
  });

  it('is checked without a certificate being issued', async () => {
    const asked = proxy.requests.length;
    await source.check(never);
    assert.deepEqual(
      proxy.requests.slice(asked).map(({ method, path }) => `${method} ${path}`),
      ['GET /api/v2/configuration'],
    );
    assert.ok(context.tokens.given.length > 0);
    for (const { headers } of proxy.requests.slice(asked)) assert.ok(!inspect(headers).includes('eyJ'));
  });

  const failures: readonly (readonly [Fault, reason: string])[] = [
    [{ type: 'Status', status: 500 }, 'SignerUnavailable'],
    [{ type: 'Status', status: 401 }, 'SignerUnauthorized'],
    [{ type: 'Garbage' }, 'SignerUnavailable'],
    [{ type: 'Endless' }, 'SignerUnavailable'],
    [{ type: 'Truncated' }, 'SignerUnavailable'],
    [{ type: 'Halved' }, 'SignerUnavailable'],
    [{ type: 'RedirectLoop' }, 'SignerUnavailable'],
    [{ type: 'Reset' }, 'SignerUnavailable'],
    [{ type: 'LostAnswer' }, 'SignerUnavailable'],
  ];
  for (const [fault, reason] of failures) {
    it(`that answers ${'status' in fault ? `${fault.type} ${fault.status}` : fault.type} gives ${reason}`, async () => {
      proxy.fail(fault);
      for (const attempt of ['signer', 'check'] as const) {
        const error = await signingError(source[attempt](never), context.tokens.given);
        assert.equal(error.reason, reason);
        assert.ok(error.message.includes(proxy.url), error.message);
      }
    });
  }

  it('that quotes the token in its refusal makes no message show it', async () => {
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
      const message = `bad token ${context.tokens.given.at(-1) ?? ''}`;
      return { ...answer, status: 400, body: Buffer.from(JSON.stringify({ code: 3, message })) };
    };
    proxy.fail({ type: 'Rewrite', rewrite });
    const { reason } = await signingError(source.signer(never), context.tokens.given);
    assert.equal(reason, 'SignerUnauthorized');
  });

  it('that redirects elsewhere does not make the token go there', async () => {
    const elsewhere = await bed.proxy(bed.stack.fulcio.url);
    const open = bed.context({ proxies: [proxy, elsewhere] });
    proxy.fail({ type: 'Redirect', location: `${elsewhere.url}/api/v2/signingCert` });
    await signingError(sourceAt(proxy.url, {}, open).signer(never), open.tokens.given);
    assert.deepEqual(elsewhere.requests, []);
  });

  it('that asks for patience gets it', async () => {
    proxy.fail({ type: 'Status', status: 429, headers: { 'retry-after': '11' } });
    const error = await signingError(source.signer(never), context.tokens.given);
    assert.equal(error.retryAfterSeconds, 11);
  });

  const chainOf = (change: (pems: readonly string[]) => readonly string[]): Fault => {
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => {
      const text = answer.body.toString('utf8');
      const pems = [...text.matchAll(/-----BEGIN[^"]+-----END CERTIFICATE-----\\n/g)].map(([pem]) =>
        pem.replaceAll(String.raw`\n`, '\n'),
      );
      const chain = { certificates: change(pems) };
      return { ...answer, body: Buffer.from(JSON.stringify({ signedCertificateDetachedSct: { chain } })) };
    };
    return { type: 'Rewrite', rewrite };
  };
  const expired = { notBefore: new Date(Date.now() - 7_200_000), notAfter: new Date(Date.now() - 3_600_000) };
  const lies: Readonly<Record<string, (pems: readonly string[]) => readonly string[]>> = {
    'a certificate of another key': ([, ...above]) => [issueCertificate({ name: 'x' }).certificate, ...above],
    'a certificate that has ended': ([, ...above]) => [
      issueCertificate({ name: 'x', ...expired }).certificate,
      ...above,
    ],
    'a certificate that its chain did not sign': ([leaf = '']) => [leaf, issueCertificate({ name: 'y' }).certificate],
    'no certificate': () => [],
    'something that is no certificate': () => ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    'a chain without end': (pems) => Array.from({ length: 60 }, () => pems[0] ?? ''),
  };
  for (const [what, lie] of Object.entries(lies)) {
    it(`that gives ${what} signs nothing`, async () => {
      proxy.fail(chainOf(lie));
      const error = await signingError(source.signer(never), context.tokens.given);
      assert.equal(error.reason, 'SignerUnavailable');
    });
  }

  it('that does not answer is given up when the call is aborted', async () => {
    proxy.fail({ type: 'Hang' });
    const why = new Error('enough');
    const giveUp = new AbortController();
    const asked = source.signer(giveUp.signal);
    giveUp.abort(why);
    await assert.rejects(asked, (error) => error === why);
  });

  it('that trusts another issuer is distinguished from one that is down', async () => {
    const issuer = await OidcIssuer.start();
    const other = await Fulcio.start(bed.supervisor, { issuer });
    const open = bed.context({ hosts: [other.server.host] });
    const elsewhere = sourceAt(other.url, {}, open);
    const checked = await signingError(elsewhere.check(never), open.tokens.given);
    assert.equal(checked.reason, 'SignerUnauthorized');
    assert.match(checked.message, /takes no tokens of issuer .* with audience "sigstore"/);
    assert.equal((await signingError(elsewhere.signer(never), open.tokens.given)).reason, 'SignerUnauthorized');
    await other.server.down();
    assert.equal((await signingError(elsewhere.check(never), open.tokens.given)).reason, 'SignerUnavailable');
    await issuer.stop();
  });

  it('gets no token that is not for it', async () => {
    const closed = bed.context();
    const error = await signingError(sourceAt(proxy.url, {}, closed).signer(never), []);
    assert.equal(error.reason, 'SignerUnauthorized');
  });

  it('refuses a forged token', async () => {
    context.tokens.forge = (token) => `${token.slice(0, -8)}AAAAAAAA`;
    const { reason } = await signingError(source.signer(never), context.tokens.given);
    assert.equal(reason, 'SignerUnauthorized');
    context.tokens.forge = () => 'not-a-token';
    assert.equal((await signingError(source.signer(never), ['not-a-token'])).reason, 'SignerUnavailable');
  });

  it('may have a certificate authority of its own for TLS', async () => {
    const tls = await bed.proxy(bed.stack.fulcio.url, true);
    const open = bed.context({ proxies: [tls] });
    const unknown = await signingError(sourceAt(tls.url, {}, open).signer(never), open.tokens.given);
    assert.equal(unknown.reason, 'SignerUnavailable');
    const withBundle = sourceAt(tls.url, { caBundleRef: { name: 'fulcio-ca' } }, open);
    const missing = await signingError(withBundle.signer(never), open.tokens.given);
    assert.match(missing.message, new RegExp(`ConfigMap "${team}/fulcio-ca"`));
    bed.objects.configMaps.set(`${team}/fulcio-ca`, { 'ca.crt': tls.ca ?? '' });
    assert.ok((await withBundle.signer(never)).certificate);
    assert.ok((await withBundle.check(never)).keyless);
  });

  it("signs no more once the run's certificate has ended", async () => {
    const clock = new ManualClock(new Date());
    const signer = await sourceAt(proxy.url, {}, { ...context, clock }).signer(never);
    await signer.sign(Buffer.from('in time'));
    await clock.advance(600_000);
    const { reason } = await signingError(signer.sign(Buffer.from('too late')), []);
    assert.equal(reason, 'SignerUnavailable');
  });

  it('that is down is waited for', async () => {
    const straight = sourceAt(bed.stack.fulcio.url);
    await bed.stack.fulcio.server.down();
    for (const attempt of ['signer', 'check'] as const)
      assert.equal((await signingError(straight[attempt](never), context.tokens.given)).reason, 'SignerUnavailable');
    await bed.stack.fulcio.server.up();
    await straight.check(never);
    assert.ok((await straight.signer(never)).certificate);
  });
});
