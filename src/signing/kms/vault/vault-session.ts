// SPDX-License-Identifier: Apache-2.0
import { numberField, objectField, stringField } from '../../../json/fields.ts';
import { SecretValue } from '../../../runtime/secret-value.ts';
import type { SigningContext } from '../../signing-context.ts';
import type { KmsDefinition } from '../kms-definition.ts';
import type { VaultClient } from './vault-client.ts';
import { VaultRefusal } from './vault-client.ts';
import { operatorJwt, operatorToken, secretToken, serviceAccountJwt } from './vault-identity.ts';
import { vaultMount } from './vault-uri.ts';
import { CredentialError } from '../../../credentials/credential-error.ts';

type Authentication = NonNullable<NonNullable<KmsDefinition['spec']['vault']>['authentication']>;

interface Login {
  readonly token: SecretValue;
  /** On the monotonic clock; a token without an end is used until it is refused. */
  readonly untilMs: number;
}

/** A token is replaced when this part of its life is left, so that none ends on its way. */
const SPARE = 0.1;
/** For one login with the token that it takes. */
const TIMEOUT_MS = 10_000;

/** The token that a policy's key is used with: a static one, read at use, or one of a login that is repeated before it ends. */
export class VaultSession {
  readonly #definition: KmsDefinition;
  readonly #context: SigningContext;
  readonly #client: VaultClient;
  readonly #address: URL;
  #login: Login | undefined;
  /** The login that is on its way. */
  #loggingIn: Promise<Login> | undefined;

  constructor(definition: KmsDefinition, context: SigningContext, to: { client: VaultClient; address: URL }) {
    this.#definition = definition;
    this.#context = context;
    this.#client = to.client;
    this.#address = to.address;
  }

  /** @throws CredentialError, EgressError */
  async token(signal: AbortSignal): Promise<SecretValue> {
    const { identity } = this.#definition;
    if (identity.type === 'Secret') return secretToken(identity, this.#context.objects, signal);
    if (!this.#logsIn()) return this.#ownToken();
    if (this.#login !== undefined && this.#context.clock.monotonicMs() < this.#login.untilMs) return this.#login.token;
    // Callers of one moment share one login, and none that gives up ends it for the others.
    this.#loggingIn ??= this.#logIn(AbortSignal.timeout(TIMEOUT_MS)).finally(() => {
      this.#loggingIn = undefined;
    });
    this.#login = await this.#loggingIn;
    return this.#login.token;
  }

  /** The server refused the token. @returns whether a new login, perhaps made by another caller meanwhile, can give another one */
  refused(token: SecretValue): boolean {
    if (this.#login?.token === token) this.#login = undefined;
    return this.#logsIn();
  }

  /** The policy takes precedence over the operator's environment, as with the reference. */
  #logsIn(): boolean {
    const { identity, spec } = this.#definition;
    return identity.type !== 'Secret' && spec.vault?.authentication !== undefined;
  }

  #ownToken(): SecretValue {
    const own = this.#definition.identity.type === 'Operator' ? operatorToken(process.env) : undefined;
    if (own !== undefined) return own;
    const { identity, description } = this.#definition;
    const message =
      identity.type === 'Operator'
        ? `${description}: the operator has no token for ${this.#address.host}: set VAULT_TOKEN in its environment, vault.authentication in the policy, or secretRef`
        : `${description} does not say how its ServiceAccount logs in at ${this.#address.host}: set vault.authentication`;
    throw new CredentialError('Invalid', message);
  }

  async #logIn(signal: AbortSignal): Promise<Login> {
    const authentication = this.#definition.spec.vault?.authentication;
    if (authentication === undefined) throw new TypeError('nothing says how to log in');
    const jwt = await this.#jwt(authentication, signal);
    const method = authentication.method ?? 'JWT';
    const mount = vaultMount(authentication.path ?? method.toLowerCase());
    const startMs = this.#context.clock.monotonicMs();
    const data = { role: authentication.role, jwt: jwt.revealText() };
    const response = await this.#client.call({ path: `auth/${mount}/login`, data }, signal).catch((error: unknown) => {
      throw refusal(error, `${this.#address.host} does not log in at auth/${mount} as role "${authentication.role}"`);
    });
    const auth = objectField(response, 'auth');
    const token = stringField(auth, 'client_token');
    if (token === undefined || token === '')
      throw new CredentialError('Unavailable', `${this.#address.host} gave no token at auth/${mount}`);
    const seconds = numberField(auth, 'lease_duration') ?? 0;
    const untilMs = seconds > 0 ? startMs + seconds * 1000 * (1 - SPARE) : Infinity;
    return { token: new SecretValue(token), untilMs };
  }

  #jwt({ audience = 'vault' }: Authentication, signal: AbortSignal): Promise<SecretValue> {
    const { identity } = this.#definition;
    if (identity.type !== 'ServiceAccount') return operatorJwt(process.env, signal);
    return serviceAccountJwt(identity, { tokens: this.#context.tokens, address: this.#address, audience }, signal);
  }
}

function refusal(error: unknown, what: string): unknown {
  if (!(error instanceof VaultRefusal)) return error;
  if (error.status === 429 || error.status >= 500)
    return new CredentialError('Unavailable', `${what}: status ${error.status}; it is tried again`);
  const remedy = 'check that the method is mounted there, and that the role takes this ServiceAccount and audience';
  return new CredentialError('Unauthorized', `${what}: status ${error.status}; ${remedy}`);
}
