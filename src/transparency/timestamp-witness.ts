// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { RFC3161Timestamp } from '@sigstore/core';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { rfc3339Seconds } from '../api/v1alpha1/fields/date-time.ts';
import type { Access } from '../credentials/access.ts';
import type { SignedArtifact, Timestamp } from '../evidence/artifact.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import { witnessFailure, witnessRefusal, type WitnessName } from './log-failure.ts';
import { TransparencyError } from './transparency-error.ts';
import { verifiedTestimony } from './verified-testimony.ts';

export interface TimestampWitnessOptions {
  /** The URL of the endpoint itself. */
  readonly url: string;
  readonly tls?: TlsOptions;
}

/** An RFC 3161 timestamp authority. */
export interface TimestampWitness {
  /** Requests a timestamp of the signature and verifies it. @throws TransparencyError, or the signal's reason when it aborts */
  testify(artifact: SignedArtifact, trustedRoot: TrustedRoot | undefined, signal: AbortSignal): Promise<Timestamp>;
}

/** The most that a record holds, before base64. */
const MAX_TOKEN_BYTES = 24_576;
/** The head of an RFC 3161 TimeStampReq, up to the digest: version 1, and a message imprint with SHA-256. */
const REQUEST_HEAD = Buffer.from('30360201013031300d060960864801650304020105000420', 'hex');
/** PKIStatus: granted, and granted with modifications. */
const GRANTED: readonly bigint[] = [0n, 1n];

/** Makes a client for an RFC 3161 authority that uses the egress client. */
export function timestampWitness(
  options: TimestampWitnessOptions,
  { egress }: Pick<Access, 'egress'>,
): TimestampWitness {
  const { url, tls = {} } = options;
  const name: WitnessName = { text: `timestamp authority ${url}`, unavailable: 'TimestampAuthorityUnavailable' };
  return {
    async testify(artifact, trustedRoot, signal) {
      signal.throwIfAborted();
      try {
        if (trustedRoot === undefined) {
          const message = `timestamps of the ${name.text} cannot be verified without a trusted root: set spec.trustedRoot`;
          throw new TransparencyError('VerificationFailed', message);
        }
        const body = Buffer.concat([REQUEST_HEAD, createHash('sha256').update(artifact.signature).digest()]);
        const headers = { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' };
        const request = { method: 'POST', url: new URL(url), headers, body, tls } as const;
        const response = await egress.request({ ...request, maxResponseBytes: MAX_TOKEN_BYTES }, signal);
        if (response.status !== 200 && response.status !== 201) throw witnessRefusal(response, name);
        requireGranted(response.body, name);
        return verifiedTimestamp(artifact, trustedRoot, { url, token: response.body.toString('base64') });
      } catch (error) {
        signal.throwIfAborted();
        throw witnessFailure(error, name);
      }
    },
  };
}

function requireGranted(body: Buffer, { text, unavailable }: WitnessName): void {
  let status: bigint | undefined;
  try {
    ({ status } = RFC3161Timestamp.parse(Buffer.from(body)));
  } catch {
    // The body is not a TimeStampResp, so there is no status.
  }
  if (status === undefined)
    throw new TransparencyError(unavailable, `the ${text} returned a response that is not an RFC 3161 timestamp`);
  if (!GRANTED.includes(status))
    throw new TransparencyError(unavailable, `the ${text} refuses the signature with PKI status ${status}`);
}

function verifiedTimestamp(
  artifact: SignedArtifact,
  root: TrustedRoot,
  { url, token }: Pick<Timestamp, 'url' | 'token'>,
): Timestamp {
  const { times } = verifiedTestimony({ ...artifact, logEntries: [], timestamps: [{ url, time: '', token }] }, root);
  const [stamped] = times;
  if (stamped === undefined) throw new TypeError(`the timestamp of ${url} states no time`);
  return { url, time: rfc3339Seconds(stamped.time), token };
}
