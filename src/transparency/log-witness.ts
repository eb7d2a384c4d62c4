// SPDX-License-Identifier: Apache-2.0
import { X509Certificate } from 'node:crypto';
import { PublicKeyDetails, type TrustedRoot } from '@sigstore/protobuf-specs';
import { rfc3339Seconds } from '../api/v1alpha1/fields/date-time.ts';
import type { Access } from '../credentials/access.ts';
import type { LogEntry, SignedArtifact } from '../evidence/artifact.ts';
import { stringField } from '../json/fields.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import { LogClient } from './log-client.ts';
import { witnessFailure } from './log-failure.ts';
import { forbiddenLog } from './permitted-log.ts';
import { rekorV1Entry } from './rekor-v1.ts';
import { rekorV2Entry } from './rekor-v2.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import { TransparencyError } from './transparency-error.ts';
import { verifiedTestimony } from './verified-testimony.ts';

export interface LogWitnessOptions {
  readonly url: string;
  /** 1 for Rekor v1, or 2 for tiled logs. */
  readonly apiVersion: 1 | 2;
  readonly tls?: TlsOptions;
  /** The logs that the operator's configuration permits. */
  readonly logs: readonly string[];
}

/** A transparency log. */
export interface LogWitness {
  /** Logs the signature and verifies the entry. @throws TransparencyError, or the signal's reason when it aborts */
  testify(artifact: SignedArtifact, trustedRoot: TrustedRoot | undefined, signal: AbortSignal): Promise<LogEntry>;
}

const MAX_ENTRY_LENGTH = 65_536;

/** Makes a client for Rekor 1 or 2. It sends nothing unless it can verify the entry afterwards. */
export function logWitness(options: LogWitnessOptions, { egress }: Pick<Access, 'egress'>): LogWitness {
  const { url, tls = {} } = options;
  return {
    async testify(artifact, trustedRoot, signal) {
      signal.throwIfAborted();
      const client = new LogClient({ url, tls, egress, signal });
      try {
        const root = permitted(options, artifact, trustedRoot);
        return verifiedEntry(artifact, root, { url, entry: await logged(options, { artifact, root }, client) });
      } catch (error) {
        signal.throwIfAborted();
        throw witnessFailure(error, client.name);
      }
    },
  };
}

/** Returns the trusted root if the log is permitted and its entry can be verified. */
function permitted(
  { url, apiVersion, logs }: LogWitnessOptions,
  artifact: SignedArtifact,
  trustedRoot: TrustedRoot | undefined,
): TrustedRoot {
  const { certificate, timestamps = [] } = artifact;
  const forbidden = forbiddenLog(url, logs);
  if (forbidden !== undefined) throw new TransparencyError('EndpointForbidden', forbidden);
  if (trustedRoot === undefined) {
    const message = `entries of the log ${url} cannot be verified without a trusted root: set spec.trustedRoot`;
    throw new TransparencyError('VerificationFailed', message);
  }
  if (apiVersion === 2 && certificate !== undefined && timestamps.length === 0) {
    const message = `the log ${url} proves no time, which certificates need: add spec.transparency.timestampAuthorities`;
    throw new TransparencyError('VerificationFailed', message);
  }
  if (certificate !== undefined && !isOfTrustedAuthority(certificate.chain, trustedRoot)) {
    const message = `the certificate of "${artifact.name}" was not issued by an authority of spec.trustedRoot: add its Fulcio there; nothing is sent to the log ${url}`;
    throw new TransparencyError('VerificationFailed', message);
  }
  return trustedRoot;
}

/** Tells if a trusted authority issued the certificate. An entry for another certificate would never verify, and be permanent. */
function isOfTrustedAuthority(chain: string, { certificateAuthorities }: TrustedRoot): boolean {
  const leaf = new X509Certificate(chain);
  return certificateAuthorities
    .flatMap(({ certChain }) => certChain?.certificates ?? [])
    .some(({ rawBytes }) => leaf.verify(new X509Certificate(rawBytes).publicKey));
}

/** Logs verify signatures before they accept them, so a signature that they cannot verify is not sent. */
function logged(
  { url, apiVersion }: LogWitnessOptions,
  { artifact, root }: { readonly artifact: SignedArtifact; readonly root: TrustedRoot },
  client: LogClient,
): Promise<object> {
  const { hash, keyDetails } = signatureAlgorithm(artifact) ?? {};
  // Version 1 receives whole statements, and verifies them with SHA-256 for every curve or with Ed25519. Other entries use the key's hash.
  const isWhole =
    artifact.form !== 'SimpleSigning' && (hash === 'sha256' || keyDetails === PublicKeyDetails.PKIX_ED25519);
  const isHashed = artifact.form === 'SimpleSigning' && hash !== undefined && keyDetails !== undefined;
  if (apiVersion === 1 && (isWhole || isHashed)) return rekorV1Entry(artifact, hash, client);
  if (apiVersion === 2 && hash !== undefined && keyDetails !== undefined)
    return rekorV2Entry(artifact, { algorithm: { hash, keyDetails }, trustedRoot: root }, client);
  const message = `the log ${url} cannot verify signatures of this kind of key over "${artifact.name}": sign with an ECDSA P-256 key`;
  throw new TransparencyError('TransparencyLogUnavailable', message);
}

function verifiedEntry(artifact: SignedArtifact, root: TrustedRoot, made: { url: string; entry: object }): LogEntry {
  const entry = JSON.stringify(made.entry);
  if (entry.length > MAX_ENTRY_LENGTH) {
    const message = `the log ${made.url} returned an entry of more than ${MAX_ENTRY_LENGTH} characters`;
    throw new TransparencyError('TransparencyLogUnavailable', message);
  }
  const logIndex = stringField(made.entry, 'logIndex') ?? '0';
  const logEntry = { url: made.url, logIndex, entry };
  const { times } = verifiedTestimony({ ...artifact, logEntries: [logEntry] }, root);
  const integrated = times.find(({ source }) => source === 'TransparencyLog');
  return { ...logEntry, ...(integrated === undefined ? {} : { integratedTime: rfc3339Seconds(integrated.time) }) };
}
