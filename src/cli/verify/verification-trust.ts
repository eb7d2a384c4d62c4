// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { VerificationKey } from '../../signing/verification-key.ts';
import { sshKeyID } from '../../signing/ssh-key-id.ts';
import { TrustError } from '../../trust/trust-error.ts';
import type { CertificateIdentity, Expectations } from '../../verify/expectations.ts';
import { UsageError } from '../cli-error.ts';
import type { CliContext } from '../cli-context.ts';
import { readText } from '../read-text.ts';
import type { PublishedPolicy } from '../trust/published-policy.ts';
import type { VerifyOptions } from './verify-options.ts';

/** The accepted signers and witnesses. */
export type VerificationTrust = Omit<Expectations, 'predicateTypes' | 'subjects'>;

/** Collects trust from the options and from a policy's status. @throws UsageError, UncheckedError */
export async function verificationTrust(
  options: VerifyOptions,
  policy: PublishedPolicy | undefined,
  context: CliContext,
  signal: AbortSignal,
): Promise<VerificationTrust> {
  const keys = [
    ...(await Promise.all(options.key.map(keyInFile))),
    ...(await Promise.all(options.kms.map((uri) => keyInService(uri, context, signal)))),
    ...(policy === undefined ? [] : (await import('../trust/published-policy.ts')).publishedKeys(policy)),
  ];
  const identities = [...optionIdentity(options), ...publishedIdentity(policy)];
  if (keys.length + identities.length === 0) throw noTrust(policy);
  const trustedRoot = await rootOf(options, policy, context, signal);
  if (keys.length === 0 && trustedRoot === undefined) {
    throw new UsageError(`${policy?.description ?? 'the command line'} names no trusted root, which certificates need`);
  }
  return { keys, identities, trustedRoot, ...requiredWitnesses(options, policy), now: new Date() };
}

/** Requires the witnesses that the options or the policy promise. */
function requiredWitnesses(
  { requireLog, requireTimestamp }: VerifyOptions,
  policy: PublishedPolicy | undefined,
): Pick<VerificationTrust, 'logs' | 'timestamps'> {
  const { transparency } = policy?.spec ?? {};
  const isLogged = transparency?.type === 'Rekor' && transparency.rekor?.onFailure !== 'StoreWithout';
  return {
    logs: requireLog === true || isLogged ? 1 : 0,
    timestamps: Math.max(requireTimestamp === true ? 1 : 0, transparency?.timestampAuthorities?.length ?? 0),
  };
}

function publishedIdentity(policy: PublishedPolicy | undefined): readonly CertificateIdentity[] {
  const identity = policy?.status.certificateIdentity;
  return identity === undefined ? [] : [identity];
}

function optionIdentity(options: VerifyOptions): readonly CertificateIdentity[] {
  const { certificateIdentity: identity, certificateOidcIssuer: issuer } = options;
  if (identity === undefined && issuer === undefined) return [];
  if (identity !== undefined && issuer !== undefined) return [{ identity, issuer }];
  throw new UsageError(
    '--certificate-identity and --certificate-oidc-issuer belong together: any issuer can certify an identity',
  );
}

function noTrust(policy: PublishedPolicy | undefined): UsageError {
  return new UsageError(
    policy === undefined
      ? 'no trust source given: pass --key, --kms, --policy, or --certificate-identity with --certificate-oidc-issuer'
      : `${policy.description} publishes neither a key nor a certificate identity yet`,
  );
}

async function keyInFile(path: string): Promise<VerificationKey> {
  const pem = await readText(path);
  try {
    const key = createPublicKey(pem);
    return { keyID: sshKeyID(key), publicKey: key.export({ format: 'pem', type: 'spki' }).toString() };
  } catch (error) {
    throw new UsageError(`${path} is not a PEM public key of a supported type`, { cause: error });
  }
}

async function keyInService(uri: string, context: CliContext, signal: AbortSignal): Promise<VerificationKey> {
  const { kmsVerificationKey } = await import('./kms-verification-key.ts');
  return kmsVerificationKey(uri, await context.access(), signal);
}

async function rootOf(
  { trustedRoot: path, certificateIdentity: identity }: VerifyOptions,
  policy: PublishedPolicy | undefined,
  context: CliContext,
  signal: AbortSignal,
): Promise<TrustedRoot | undefined> {
  if (path === undefined && policy !== undefined) {
    return (await import('../trust/published-policy.ts')).policyRoot(policy, context, signal);
  }
  if (path === undefined) {
    return identity === undefined ? undefined : (await import('./sigstore-root.ts')).sigstoreRoot(context.tufDirectory);
  }
  const text = await readText(path);
  const { parseTrustedRoot } = await import('../../trust/parse-trusted-root.ts');
  try {
    return parseTrustedRoot(text, path);
  } catch (error) {
    if (error instanceof TrustError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
