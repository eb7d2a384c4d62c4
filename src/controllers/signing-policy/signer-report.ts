// SPDX-License-Identifier: Apache-2.0
import { rfc3339Seconds } from '../../api/v1alpha1/fields/date-time.ts';
import { field, isObject, listField } from '../../json/fields.ts';
import type { SigningPolicyStatus } from '../../api/v1alpha1/signing-policy/schema.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { SigningError, type SigningReason } from '../../signing/signing-error.ts';
import type { SignerCheck, SignerWarning } from '../../signing/signing-source.ts';
import type { PolicySigners } from '../policy-services/policy-signers.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';

/** The signer in a policy's status, apart from conditions. */
export type SignerStatus = Readonly<Record<string, unknown>>;
type ShownKey = NonNullable<SigningPolicyStatus['verificationKeys']>[number];

/** The reason why a policy cannot sign, and the time after which that may pass. */
export interface SignerProblem {
  readonly reason: SigningReason;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** The result of checking a policy's signer. */
export interface SignerReport {
  readonly problem?: SignerProblem;
  /** The name that verifiers know the signer by: a key id, or the identity of its certificates. */
  readonly signsAs: string;
  readonly warnings: readonly SignerWarning[];
  readonly status: SignerStatus;
  /** The end of the active key. */
  readonly endsAt?: Date;
}

/** Failures of a service. The published keys stay, because nothing indicates that they changed. */
const SERVICE_FAILURES: readonly SigningReason[] = ['SignerUnavailable', 'SignerUnauthorized', 'EndpointForbidden'];
/** The schema's limit: services keep more versions of a key than verifiers use. */
const MAX_KEYS = 17;
const PUBLISHED_FIELDS = ['publicKey', 'keyID', 'verificationKeys', 'certificateIdentity'];

/**
 * Checks a policy's signer.
 * @param object the policy as it is stored
 * @throws failures that may pass, such as those of an API server that is away
 */
export async function signerReport(
  signers: Pick<PolicySigners, 'check'>,
  { policy, object }: { readonly policy: PolicyDefinition; readonly object: unknown },
  signal: AbortSignal,
): Promise<SignerReport> {
  try {
    const check = await signers.check(policy, signal);
    const { active, keyless, warnings = [] } = check;
    const endsAt = active?.notAfter;
    return {
      signsAs: keyless === undefined ? `key ${active?.keyID ?? ''}` : `${keyless.identity} by ${keyless.issuer}`,
      warnings,
      status: publishedStatus(check, 'Active'),
      ...(endsAt === undefined ? {} : { endsAt }),
    };
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    const { reason, message, retryAfterSeconds } = error;
    const problem = { reason, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
    const status = failedStatus(error, storedPublication(object));
    return { problem, signsAs: '', warnings: [], status };
  }
}

/** @param stored what the status publishes already */
function failedStatus({ reason, published }: SigningError, stored: SignerStatus): SignerStatus {
  if (SERVICE_FAILURES.includes(reason)) return withListed(stored, published?.retired ?? []);
  if (published !== undefined) return publishedStatus(published, 'Retired');
  return reason === 'KeyExpired' ? withoutActive(stored) : {};
}

function publishedStatus(
  { active, retired, keyless }: Pick<SignerCheck, 'active' | 'retired' | 'keyless'>,
  activeState: ShownKey['state'],
): SignerStatus {
  const all = [
    ...(active === undefined ? [] : [shownKey(active, activeState)]),
    ...retired.map((key) => shownKey(key, 'Retired')),
  ];
  const isFirst = ({ keyID }: ShownKey, index: number): boolean =>
    all.findIndex((key) => key.keyID === keyID) === index;
  const keys = all.filter(isFirst).slice(0, MAX_KEYS);
  return {
    ...(active === undefined ? {} : { publicKey: active.publicKey, keyID: active.keyID }),
    ...(keys.length === 0 ? {} : { verificationKeys: keys }),
    ...(keyless === undefined ? {} : { certificateIdentity: keyless }),
  };
}

function shownKey({ keyID, publicKey, notBefore, notAfter }: VerificationKey, state: ShownKey['state']): ShownKey {
  return {
    keyID,
    publicKey,
    state,
    ...(notBefore === undefined ? {} : { notBefore: rfc3339Seconds(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: rfc3339Seconds(notAfter) }),
  };
}

/** The keys that the status publishes already; they stay while nothing new is known of the signer. */
export function storedPublication(object: unknown): SignerStatus {
  const status = field(object, 'status');
  return Object.fromEntries(
    PUBLISHED_FIELDS.map((name): [string, unknown] => [name, field(status, name)]).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** Marks all keys as retired after the active one ended. */
function withoutActive(status: SignerStatus): SignerStatus {
  const keys = listField(status, 'verificationKeys').filter(isObject);
  return keys.length === 0
    ? status
    : { ...status, verificationKeys: keys.map((key) => ({ ...key, state: 'Retired' })) };
}

/** Adds the keys that the policy lists as retired; the keys of the service stay as they are. */
function withListed(status: SignerStatus, retired: readonly VerificationKey[]): SignerStatus {
  if (retired.length === 0) return status;
  const listed = retired.map((key) => shownKey(key, 'Retired'));
  const others = listField(status, 'verificationKeys')
    .filter(isObject)
    .filter((key) => listed.every(({ keyID }) => keyID !== key['keyID']));
  const isActive = (key: unknown): boolean => field(key, 'state') === 'Active';
  const keys = [...others.filter(isActive), ...listed, ...others.filter((key) => !isActive(key))];
  return { ...status, verificationKeys: keys.slice(0, MAX_KEYS) };
}
