// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import type { TokenIssuer } from '../sigstore/fulcio.ts';
import { TlsDouble } from '../token-exchange/tls-double.ts';
import type { DoubleAnswer, DoubleRequest } from '../token-exchange/tls-double.ts';
import { trustedToken } from '../token-exchange/trusted-token.ts';

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const AUDIENCE = 'api://AzureADTokenExchange';

/** The credential of an application. */
export interface AzureApplication {
  readonly clientSecret?: string;
  /** A federated credential: this subject of that issuer. */
  readonly federated?: { readonly issuer: TokenIssuer; readonly subject: string };
}

export interface GivenToken {
  readonly clientID: string;
  readonly resource: string;
}

/**
 * A double of a directory of Entra ID, for tests: there is no emulator. It has the discovery document and the token endpoint of the
 * client credentials flow, and checks client secrets, or federated assertions against the issuer's own keys. It knows no users,
 * certificates, consent or conditional access, and its tokens are opaque.
 */
export class AzureDirectory {
  readonly tenantID = '5c4b3a29-1111-4222-8333-444455556666';
  readonly server: TlsDouble;
  /** By client ID. */
  readonly applications = new Map<string, AzureApplication>();
  readonly tokens = new Map<string, GivenToken>();
  /** The URL through which clients reach it, if not its own. */
  address: string | undefined;
  /** A false token endpoint for the discovery document. */
  tokenEndpoint: string | undefined;

  private constructor(server: TlsDouble) {
    this.server = server;
  }

  static async start(): Promise<AzureDirectory> {
    const server = await TlsDouble.start();
    const directory = new AzureDirectory(server);
    server.serve((request) => directory.#answer(request));
    return directory;
  }

  /** `https://127.0.0.1:port/TENANT`. */
  get authority(): string {
    return `${this.address ?? this.server.url}/${this.tenantID}`;
  }

  async #answer({ method, path, body }: DoubleRequest): Promise<DoubleAnswer> {
    const base = `/${this.tenantID}`;
    if (method === 'GET' && path === `${base}/v2.0/.well-known/openid-configuration`) return this.#discovery();
    if (method === 'POST' && path === `${base}/oauth2/v2.0/token`) return this.#token(new URLSearchParams(body));
    return { status: 404, body: { error: 'not_found' } };
  }

  #discovery(): DoubleAnswer {
    const { authority } = this;
    const document = {
      issuer: `${authority}/v2.0`,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      token_endpoint: this.tokenEndpoint ?? `${authority}/oauth2/v2.0/token`,
      jwks_uri: `${authority}/discovery/v2.0/keys`,
      response_types_supported: ['code', 'id_token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
    return { status: 200, body: document };
  }

  async #token(form: URLSearchParams): Promise<DoubleAnswer> {
    const clientID = form.get('client_id') ?? '';
    const application = this.applications.get(clientID);
    const [, resource] = /^(\S+)\/\.default(?: |$)/.exec(form.get('scope') ?? '') ?? [];
    if (form.get('grant_type') !== 'client_credentials' || resource === undefined)
      return refused('invalid_request', form);
    if (application === undefined) return refused('unauthorized_client', form);
    if (!(await isProven(application, form))) return refused('invalid_client', form, 401);
    const token = `eyJ0.planted-${randomBytes(24).toString('base64url')}`;
    this.tokens.set(token, { clientID, resource });
    const answer = { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token };
    return { status: 200, body: answer };
  }
}

async function isProven({ clientSecret, federated }: AzureApplication, form: URLSearchParams): Promise<boolean> {
  const assertion = form.get('client_assertion');
  if (assertion === null) return clientSecret !== undefined && form.get('client_secret') === clientSecret;
  if (federated === undefined || form.get('client_assertion_type') !== ASSERTION_TYPE) return false;
  return (await trustedToken(assertion, federated.issuer, AUDIENCE))?.sub === federated.subject;
}

/** Reflects the request, as servers may: it must not be shown. */
function refused(error: string, form: URLSearchParams, status = 400): DoubleAnswer {
  return { status, body: { error, error_description: `AADSTS7000215: not accepted: ${form.toString()}` } };
}
