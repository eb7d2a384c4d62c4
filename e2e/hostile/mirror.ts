// SPDX-License-Identifier: Apache-2.0
import { secretForms } from '../harness/secret-forms.ts';
import { TlsDouble } from '../testbed/token-exchange/tls-double.ts';
import type { DoubleAnswer, DoubleRequest } from '../testbed/token-exchange/tls-double.ts';

/** The kinds of answers, used in turn for each address. */
const STATUSES = [200, 403, 500, 401, 404, 400, 429] as const;
/** The directory of the vault that it says it is. */
export const TENANT = '5c4b3a29-1111-4222-8333-444455556666';
const OPENID = '/.well-known/openid-configuration';

/**
 * A server that stands for every store, registry, key service and certificate authority at once, and repeats all that it was sent in
 * each answer, as error pages and debugging proxies do: in the shapes of errors that the clients of all of them read.
 */
export class Mirror {
  readonly server: TlsDouble;
  readonly #asked = new Map<string, number>();
  /** All of its answers. */
  readonly answers: string[] = [];

  private constructor(server: TlsDouble) {
    this.server = server;
  }

  static async start(): Promise<Mirror> {
    const mirror = new Mirror(await TlsDouble.start());
    mirror.server.serve((request) => {
      const answer = mirror.#answer(request);
      mirror.answers.push(JSON.stringify(answer));
      return answer;
    });
    return mirror;
  }

  /** The number of answers so far that contained this text. */
  repeated(text: string): number {
    const forms = secretForms(text);
    return this.answers.filter((answer) => forms.some((form) => answer.includes(form))).length;
  }

  #answer(request: DoubleRequest): DoubleAnswer {
    const { path, headers } = request;
    if (path.endsWith(OPENID)) return discovery(this.server.url, path);
    // Registries and vaults are shown credentials once they have asked for them.
    if (headers['authorization'] === undefined && /^\/(v2|keys)\//.test(path)) return challenge(request, this.server);
    const count = this.#asked.get(path) ?? 0;
    this.#asked.set(path, count + 1);
    const text = reflection(request);
    if (path.endsWith('/oauth2/v2.0/token') && count >= 2) return token();
    const status = STATUSES[count % STATUSES.length] ?? 500;
    return { status, body: failure(path, status, text), headers: challengeHeaders(this.server) };
  }
}

/** Everything that was sent, and what of it was encoded. */
function reflection({ method, path, query, headers, body }: DoubleRequest): string {
  const [, basic = ''] = /^Basic (\S+)$/i.exec(headers['authorization'] ?? '') ?? [];
  const decoded = Buffer.from(basic, 'base64').toString('utf8');
  const form = Object.fromEntries(new URLSearchParams(body));
  return JSON.stringify({ method, path, query: query.toString(), headers, body, decoded, form });
}

function failure(path: string, status: number, text: string): object {
  const common = { message: text, error_description: text, Message: text, __type: 'AccessDeniedException', code: 7 };
  if (path.endsWith('/token')) return { ...common, error: 'invalid_client' };
  const google = {
    code: status,
    message: text,
    status: 'PERMISSION_DENIED',
    errors: [{ message: text, reason: text }],
  };
  return { ...common, error: google, errors: path.startsWith('/v2/') ? [{ code: 'DENIED', message: text }] : [text] };
}

function challenge(request: DoubleRequest, server: TlsDouble): DoubleAnswer {
  return { status: 401, body: failure(request.path, 401, reflection(request)), headers: challengeHeaders(server) };
}

function challengeHeaders({ url }: TlsDouble): Readonly<Record<string, string>> {
  return { 'www-authenticate': `Basic realm="mirror", Bearer authorization="${url}/${TENANT}", resource="${url}"` };
}

function discovery(url: string, path: string): DoubleAnswer {
  const authority = `${url}${path.replace(`/v2.0${OPENID}`, '')}`;
  const document = {
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  return { status: 200, body: document };
}

/** An answer that a client continues with, so that the next one can reflect it. */
function token(): DoubleAnswer {
  const body = { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: GIVEN_TOKEN };
  return { status: 200, body };
}

/** The token that it gives clients for their secret. */
export const GIVEN_TOKEN = 'planted-token-of-the/directory+=';
