// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { sshKeyID } from '../../signing/ssh-key-id.ts';
import { parseImageReference } from '../../tekton/images/image-reference.ts';
import { parseTrustedRoot } from '../../trust/parse-trusted-root.ts';
import { TrustError } from '../../trust/trust-error.ts';
import type { CertificateIdentity, Expectations } from '../../verify/expectations.ts';
import { IMAGE_SIGNATURE_TYPE, PROVENANCE_TYPES } from '../../verify/expectations.ts';
import type { PublishedPolicy } from '../trust/trust-policy.ts';
import type { CliContext } from '../cli-context.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import { kmsVerificationKey } from './verify-kms-key.ts';
import type { VerifyOptions } from './verify-options.ts';
import type { VerificationKey } from '../../signing/verification-key.ts';

/** Whom to trust, and what for. */
export type Trust = Omit<Expectations, 'predicateTypes' | 'subjects'>;

/** From the options and, where given, a policy's status. @throws UsageError, UncheckedError */
export async function trustOf(
  options: VerifyOptions,
  policy: PublishedPolicy | undefined,
  surroundings: CliContext,
  signal: AbortSignal,
): Promise<Trust> {
  const keys = [
    ...(await Promise.all(options.key.map(keyOfFile))),
    ...(await Promise.all(options.kms.map((uri) => kmsVerificationKey(uri, surroundings.access(), signal)))),
    ...(policy === undefined ? [] : publishedKeys(policy)),
  ];
  const identities = [...givenIdentity(options), ...(policy === undefined ? [] : publishedIdentity(policy))];
  if (keys.length + identities.length === 0) throw nobody(policy);
  const trustedRoot = await rootOf(options, policy, surroundings, signal);
  if (keys.length === 0 && trustedRoot === undefined) {
    throw new UsageError(
      'certificates are judged by a trusted root: give it with --trusted-root, or a --policy that has one',
    );
  }
  return { keys, identities, trustedRoot, ...requiredWitnesses(options, policy), now: new Date() };
}

/** What the options ask for, and what the policy promises. */
function requiredWitnesses(
  { requireLog, requireTimestamp }: VerifyOptions,
  policy: PublishedPolicy | undefined,
): Pick<Trust, 'logs' | 'timestamps'> {
  const { transparency } = policy?.spec ?? {};
  const isLogged = transparency?.type === 'Rekor' && transparency.rekor?.onFailure !== 'StoreWithout';
  return {
    logs: requireLog === true || isLogged ? 1 : 0,
    timestamps: Math.max(requireTimestamp === true ? 1 : 0, transparency?.timestampAuthorities?.length ?? 0),
  };
}

/** The keys that a policy publishes. */
export function publishedKeys({ status }: PublishedPolicy): readonly VerificationKey[] {
  const { verificationKeys, publicKey, keyID } = status;
  if (verificationKeys === undefined) {
    return publicKey === undefined || keyID === undefined ? [] : [{ publicKey, keyID }];
  }
  return verificationKeys.map(({ notBefore, notAfter, ...key }) => ({
    keyID: key.keyID,
    publicKey: key.publicKey,
    ...(notBefore === undefined ? {} : { notBefore: new Date(notBefore) }),
    ...(notAfter === undefined ? {} : { notAfter: new Date(notAfter) }),
  }));
}

function publishedIdentity({ status: { certificateIdentity } }: PublishedPolicy): readonly CertificateIdentity[] {
  return certificateIdentity === undefined ? [] : [certificateIdentity];
}

function givenIdentity(options: VerifyOptions): readonly CertificateIdentity[] {
  const { certificateIdentity: identity, certificateOidcIssuer: issuer } = options;
  if (identity === undefined && issuer === undefined) return [];
  if (identity !== undefined && issuer !== undefined) return [{ identity, issuer }];
  throw new UsageError(
    '--certificate-identity and --certificate-oidc-issuer belong together: anybody can issue the one',
  );
}

function nobody(policy: PublishedPolicy | undefined): UsageError {
  return new UsageError(
    policy === undefined
      ? 'say who may have signed: --key, --kms, --certificate-identity with --certificate-oidc-issuer, or --policy'
      : `${policy.description} publishes neither a key nor a certificate identity yet`,
  );
}

async function keyOfFile(path: string): Promise<VerificationKey> {
  const pem = await readText(path);
  try {
    const key = createPublicKey(pem);
    return { keyID: sshKeyID(key), publicKey: key.export({ format: 'pem', type: 'spki' }).toString() };
  } catch (error) {
    throw new UsageError(`${path} is not a public key in PEM of a kind that signs here`, { cause: error });
  }
}

async function rootOf(
  { trustedRoot }: VerifyOptions,
  policy: PublishedPolicy | undefined,
  surroundings: CliContext,
  signal: AbortSignal,
): Promise<TrustedRoot | undefined> {
  try {
    if (trustedRoot !== undefined) return parseTrustedRoot(await readText(trustedRoot), trustedRoot);
    if (policy?.spec.trustedRoot === undefined) return undefined;
    const { homeNamespace, description } = policy;
    return await surroundings
      .trustedRoots()
      .root({ spec: policy.spec.trustedRoot, homeNamespace, description }, signal);
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    const isFile = trustedRoot !== undefined;
    throw isFile
      ? new UsageError(error.message, { cause: error })
      : new UncheckedError(error.message, { cause: error });
  }
}

export async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new UncheckedError(`${path} cannot be read`, { cause: error });
  });
}

const aliases: Readonly<Record<string, readonly string[]>> = {
  slsaprovenance: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance02: ['https://slsa.dev/provenance/v0.2'],
  slsaprovenance1: ['https://slsa.dev/provenance/v1'],
  imagesignature: [IMAGE_SIGNATURE_TYPE],
};

/** What Hallmark signs, where nothing is asked for. */
export const DEFAULT_TYPES: readonly string[] = [...PROVENANCE_TYPES, IMAGE_SIGNATURE_TYPE];

/** The predicate types that are asked for. @throws UsageError for a word that names none */
export function askedTypes(types: readonly string[]): readonly string[] {
  return types.flatMap((type) => {
    const known = aliases[type];
    if (known !== undefined) return known;
    if (URL.canParse(type)) return [type];
    throw new UsageError(`"${type}" is neither a URI nor one of ${Object.keys(aliases).join(', ')}`);
  });
}

/** The digests that are asked for. @throws UsageError */
export function askedDigests({
  digest,
  image,
}: Pick<VerifyOptions, 'digest' | 'image'>): readonly Record<string, string>[] {
  return [
    ...digest.map((text) => {
      const [, algorithm, hex] = /^([a-z0-9]+):([0-9a-f]+)$/i.exec(text) ?? [];
      if (algorithm !== undefined && hex !== undefined) return { [algorithm]: hex.toLowerCase() };
      throw new UsageError(`"${text}" is not a digest as sha256:…`);
    }),
    ...image.map((text) => {
      const parsed = parseImageReference(text);
      if (parsed !== undefined) return { sha256: parsed.digestHex };
      throw new UsageError(`"${text}" does not name an image by digest, as NAME@sha256:…`);
    }),
  ];
}
