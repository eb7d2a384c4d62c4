// SPDX-License-Identifier: Apache-2.0
import { isObject, objectField, stringField } from '../../json/fields.ts';
import { displayUrl } from '../../net/display-url.ts';
import type { EgressRequest, EgressResponse, EgressClient } from '../../net/egress-client.ts';
import { retryAfterSeconds } from '../../net/retry-after.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import type { SecretValue } from '../../runtime/secret-value.ts';
import { SigningError } from '../signing-error.ts';

export interface CertificateRequest {
  readonly token: SecretValue;
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Signature with the private key over the token's subject. */
  readonly proofOfPossession: Buffer;
}

/** An issuer that Fulcio takes tokens of. */
export interface TrustedIssuer {
  /** With `*` for any label where `isPattern`. */
  readonly url: string;
  readonly isPattern: boolean;
  readonly audience: string;
  /** Such as `kubernetes`; empty where Fulcio does not say. */
  readonly type: string;
}

const MAX_RESPONSE_BYTES = 262_144;

/**
 * Fulcio's API, version 2. Spoken here, as sigstore's own client has an HTTP stack of its own that cannot be sent through the outbound
 * egress, follows redirects with the token, and puts what the server says into its errors.
 */
export class FulcioClient {
  readonly #egress: EgressClient;
  readonly #url: string;
  readonly #tls: TlsOptions;

  constructor(egress: EgressClient, url: string, tls: TlsOptions) {
    this.#egress = egress;
    this.#url = url.replace(/\/+$/, '');
    this.#tls = tls;
  }

  /** PEM certificates, the issued one first. @throws SigningError, EgressError */
  async certificates(request: CertificateRequest, signal: AbortSignal): Promise<readonly string[]> {
    const body = JSON.stringify({
      credentials: { oidcIdentityToken: request.token.revealText() },
      publicKeyRequest: {
        publicKey: { algorithm: 'ECDSA', content: request.publicKey },
        proofOfPossession: request.proofOfPossession.toString('base64'),
      },
    });
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const response = await this.#ask({ method: 'POST', url: this.#at('signingCert'), headers, body }, signal);
    if (response.status !== 200 && response.status !== 201) throw this.#refusal(response);
    const answer = this.#json(response);
    const chains = ['signedCertificateEmbeddedSct', 'signedCertificateDetachedSct'].map((kind) =>
      objectField(objectField(answer, kind), 'chain'),
    );
    const certificates: readonly unknown[] = chains.map(({ certificates: list }) => list).find(Array.isArray) ?? [];
    const pems = certificates.filter((item): item is string => typeof item === 'string' && item !== '');
    if (pems.length === 0 || pems.length !== certificates.length) throw this.#malformed();
    return pems;
  }

  /** The issuers whose tokens it accepts; undefined if it does not list them. @throws SigningError, EgressError */
  async issuers(signal: AbortSignal): Promise<readonly TrustedIssuer[] | undefined> {
    const headers = { accept: 'application/json' };
    const response = await this.#ask({ method: 'GET', url: this.#at('configuration'), headers }, signal);
    if (response.status === 404) return undefined;
    if (response.status !== 200) throw this.#refusal(response);
    const answer = this.#json(response);
    const list = isObject(answer) ? answer['issuers'] : undefined;
    if (!Array.isArray(list)) throw this.#malformed();
    return list.map((issuer: unknown) => trustedIssuer(issuer));
  }

  #ask(request: EgressRequest, signal: AbortSignal): Promise<EgressResponse> {
    return this.#egress.request({ ...request, tls: this.#tls, maxResponseBytes: MAX_RESPONSE_BYTES }, signal);
  }

  #at(resource: string): URL {
    return new URL(`${this.#url}/api/v2/${resource}`);
  }

  #json({ body }: EgressResponse): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      // Without its cause: the parser's message quotes the text.
      throw this.#malformed();
    }
  }

  /** Leaves Fulcio's message out: it can quote the token. */
  #refusal({ status, headers, url }: EgressResponse): SigningError {
    const what = `Fulcio at ${displayUrl(url)}`;
    if (status === 400 || status === 401 || status === 403) {
      const message = `${what} gives no certificate for this token (status ${status}): its configuration must list the cluster's issuer with the audience of the operator's keyless.audience`;
      return new SigningError('SignerUnauthorized', message);
    }
    const message = `${what} answers with status ${status}; it is tried again`;
    return new SigningError('SignerUnavailable', message, { retryAfterSeconds: retryAfterSeconds(headers) });
  }

  #malformed(): SigningError {
    const message = `what answers at ${this.#url} is not Fulcio, or not its API version 2: correct spec.signer.keyless.fulcioURL`;
    return new SigningError('SignerUnavailable', message);
  }
}

function trustedIssuer(issuer: unknown): TrustedIssuer {
  const pattern = stringField(issuer, 'wildcardIssuerUrl') ?? '';
  return {
    url: pattern === '' ? (stringField(issuer, 'issuerUrl') ?? '') : pattern,
    isPattern: pattern !== '',
    audience: stringField(issuer, 'audience') ?? '',
    type: stringField(issuer, 'issuerType') ?? '',
  };
}
