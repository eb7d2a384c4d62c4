// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, generateKeyPair, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { tokenHost } from '../../credentials/token-host.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import { KeySigner } from '../key/key-signer.ts';
import type { RunSigner } from '../run-signer.ts';
import type { SignerDefinition } from '../signer-definition.ts';
import type { SigningContext } from '../signing-context.ts';
import { SigningError } from '../signing-error.ts';
import type { SignerCheck, SigningSource } from '../signing-source.ts';
import { FulcioClient, type TrustedIssuer } from './fulcio-client.ts';
import { isIssuerMatch } from './issuer-match.ts';
import { issuedCertificate } from './issued-certificate.ts';
import { keylessFailure } from './keyless-failure.ts';
import { KeylessSigner } from './keyless-signer.ts';
import { kubernetesIdentity, tokenClaims, type TokenClaims } from './token-claims.ts';

type KeylessSpec = NonNullable<SignerDefinition['signer']['keyless']>;

const makeKey = promisify(generateKeyPair);

/**
 * Signs with a key that is made for one run, and a certificate of Fulcio for a ServiceAccount of the policy's own namespace. The token of
 * that ServiceAccount goes to Fulcio alone, and only where the operator's configuration lets it.
 */
export function keylessSource(definition: SignerDefinition, context: SigningContext): SigningSource {
  return new KeylessSource(definition, context);
}

class KeylessSource implements SigningSource {
  readonly #definition: SignerDefinition;
  readonly #context: SigningContext;

  constructor(definition: SignerDefinition, context: SigningContext) {
    this.#definition = definition;
    this.#context = context;
  }

  signer(signal: AbortSignal): Promise<RunSigner> {
    return this.#guarded(signal, async () => {
      const { token, claims } = await this.#token(signal);
      const { privateKey } = await makeKey('ec', { namedCurve: 'P-256' });
      const key = new KeySigner(privateKey, 'sha256');
      const proofOfPossession = sign('sha256', Buffer.from(claims.subject), privateKey);
      const fulcio = await this.#fulcio(signal);
      const pems = await fulcio.certificates({ token, publicKey: key.publicKey, proofOfPossession }, signal);
      const certificate = issuedCertificate(pems, {
        authority: `Fulcio at ${this.#spec().fulcioURL}`,
        publicKey: createPublicKey(privateKey),
        issuer: claims.issuer,
        identity: kubernetesIdentity(claims),
        now: this.#context.clock.now(),
      });
      return new KeylessSigner(key, certificate, this.#context.clock);
    });
  }

  /** Checks that a token is available and Fulcio accepts such tokens. Issues no certificate: each stays in a public log for ever. */
  check(signal: AbortSignal): Promise<SignerCheck> {
    return this.#guarded(signal, async () => {
      const { claims } = await this.#token(signal);
      const fulcio = await this.#fulcio(signal);
      const issuers = await fulcio.issuers(signal);
      const issuer = issuers?.find((trusted) => this.#takes(trusted, claims));
      if (issuers !== undefined && issuer === undefined) throw this.#untrusted(claims);
      const identity = ['kubernetes', '', undefined].includes(issuer?.type) ? kubernetesIdentity(claims) : undefined;
      return { retired: [], ...(identity === undefined ? {} : { keyless: { identity, issuer: claims.issuer } }) };
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #guarded<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      throw keylessFailure(error);
    }
  }

  async #token(signal: AbortSignal): Promise<{ readonly token: SecretValue; readonly claims: TokenClaims }> {
    const { fulcioURL, serviceAccountName } = this.#spec();
    const request = {
      namespace: this.#definition.homeNamespace,
      serviceAccountName,
      audience: this.#context.keylessAudience,
      host: tokenHost(new URL(fulcioURL)),
    };
    const { token } = await this.#context.tokens.token(request, signal);
    return { token, claims: tokenClaims(token.revealText()) };
  }

  async #fulcio(signal: AbortSignal): Promise<FulcioClient> {
    return new FulcioClient(this.#context.egress, this.#spec().fulcioURL, await this.#tls(signal));
  }

  async #tls(signal: AbortSignal): Promise<TlsOptions> {
    const { caBundleRef } = this.#spec();
    if (caBundleRef === undefined) return {};
    const { name, key = 'ca.crt' } = caBundleRef;
    const { homeNamespace } = this.#definition;
    const data = await this.#context.objects.getConfigMap(homeNamespace, name, signal);
    const ca = data?.[key];
    if (ca?.includes('-----BEGIN CERTIFICATE-----') === true) return { ca };
    const message = `entry "${key}" of ConfigMap "${homeNamespace}/${name}" of caBundleRef holds no PEM certificate: put Fulcio's certificate authority there`;
    throw new SigningError('SignerUnavailable', message);
  }

  #takes({ url, isPattern, audience }: TrustedIssuer, { issuer }: TokenClaims): boolean {
    if (audience !== this.#context.keylessAudience) return false;
    return isPattern ? isIssuerMatch(url, issuer) : url === issuer;
  }

  #untrusted({ issuer }: TokenClaims): SigningError {
    const audience = this.#context.keylessAudience;
    const message = `Fulcio at ${this.#spec().fulcioURL} takes no tokens of issuer ${issuer} with audience "${audience}": add them to its configuration`;
    return new SigningError('SignerUnauthorized', message);
  }

  #spec(): KeylessSpec {
    const { signer, description } = this.#definition;
    if (signer.keyless === undefined)
      throw new SigningError('KeyNotFound', `${description} names no certificate authority: set spec.signer.keyless`);
    return signer.keyless;
  }
}
