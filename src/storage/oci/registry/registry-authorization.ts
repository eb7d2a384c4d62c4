// SPDX-License-Identifier: Apache-2.0
import { SecretValue } from '../../../runtime/secret-value.ts';
import type { Challenge } from './challenge.ts';
import type { RegistryCredential } from './docker-config.ts';
import type { AcceptedCredential, RegistryActions, RepositoryMemory } from './memory/repository-memory.ts';
import { basicAuthorization, type GivenToken } from './registry-token.ts';

/** A credential that is for the session's repository. */
export interface SessionCredential {
  readonly credential: RegistryCredential;
  /** The source, for messages. */
  readonly source?: string;
}

/** An Authorization header, and the credential behind it. */
export interface Authorization {
  readonly header: SecretValue;
  /** Absent for a token that everybody gets. */
  readonly candidate: SessionCredential | undefined;
  /** The form in which it is remembered. */
  readonly accepted: AcceptedCredential;
}

/** A credential of a list, or none. */
export interface Candidate {
  readonly position: number | undefined;
  readonly candidate: SessionCredential | undefined;
}

type BearerChallenge = Extract<Challenge, { scheme: 'Bearer' }>;

/** No token is used in the last part of its life, but for at most so long. */
const MAX_SPARE_SECONDS = 30;

/** The authorization that an earlier call with the same credentials was accepted with. */
export function recalled(
  memory: RepositoryMemory,
  credentials: readonly SessionCredential[],
  actions: RegistryActions,
): Authorization | undefined {
  const accepted = memory.accepted(actions);
  if (accepted === undefined) return undefined;
  const candidate = accepted.position === undefined ? undefined : credentials[accepted.position];
  const header = accepted.bearer === undefined ? shown(candidate?.credential) : bearer(accepted.bearer.token);
  return header && { header, candidate, accepted };
}

/** Answer a challenge with a credential. @returns undefined when the credential cannot answer it */
export async function authorize(
  { position, candidate }: Candidate,
  { challenge, actions, memory }: { challenge: Challenge; actions: RegistryActions; memory: RepositoryMemory },
  exchange: (challenge: BearerChallenge, credential: RegistryCredential | undefined) => Promise<GivenToken>,
): Promise<Authorization | undefined> {
  const credential = candidate?.credential;
  const isShown = credential?.type === 'RegistryToken' || challenge.scheme === 'Basic';
  if (isShown) {
    const header = shown(credential);
    return header && { header, candidate, accepted: { position, actions } };
  }
  const askedMs = memory.nowMs();
  const { token, lifeSeconds } = await exchange(challenge, credential);
  const spareSeconds = Math.min(MAX_SPARE_SECONDS, lifeSeconds / 4);
  const expiresAtMs = askedMs + (lifeSeconds - spareSeconds) * 1000;
  return { header: bearer(token), candidate, accepted: { position, bearer: { token, expiresAtMs }, actions } };
}

/** The header with a credential as it is; undefined if only a token service takes it. */
function shown(credential: RegistryCredential | undefined): SecretValue | undefined {
  if (credential?.type === 'RegistryToken') return bearer(credential.token);
  return credential?.type === 'Basic' ? new SecretValue(basicAuthorization(credential)) : undefined;
}

function bearer(token: SecretValue): SecretValue {
  return new SecretValue(`Bearer ${token.revealText()}`);
}
