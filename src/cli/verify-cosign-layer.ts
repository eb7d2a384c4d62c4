// SPDX-License-Identifier: Apache-2.0
import type { TransparencyLogEntry } from '@sigstore/bundle';
import { field } from '../api/v1alpha1/field.ts';
import { readTag } from '../storage/oci/append-layer.ts';
import { SIGNATURE_ANNOTATION } from '../storage/oci/cosign-layer.ts';
import type { CosignManifest } from '../storage/oci/cosign-manifest.ts';
import type { RegistryClient } from '../storage/oci/registry-client.ts';
import { repositoryName } from '../storage/oci/repository.ts';
import type { Repository } from '../storage/oci/repository.ts';
import { leafCertificate, parseLogEntry } from '../verify/artifact-material.ts';
import { envelopeMaterial } from '../verify/envelope-material.ts';
import { SIMPLE_SIGNING_TYPE } from '../verify/material.ts';
import type { Material } from '../verify/material.ts';
import { strictBase64 } from '../verify/strict-base64.ts';
import { VerificationFailure } from '../verify/verification-problem.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';

type Layer = CosignManifest['layers'][number];

/** What the `.sig` or `.att` tag of an image holds. @throws StorageError */
export async function cosignEvidence(
  { client, repository }: { readonly client: RegistryClient; readonly repository: Repository },
  digest: string,
  suffix: 'sig' | 'att',
  signal: AbortSignal,
): Promise<readonly Evidence[]> {
  const tag = `${digest.replace(':', '-')}.${suffix}`;
  const name = `${repositoryName(repository)}:${tag}`;
  const image = await readTag(client, { tag, name }, signal);
  const found: Evidence[] = [];
  for (const [index, layer] of (image?.manifest.layers ?? []).entries()) {
    const bytes = await client.getBlob(layer.digest, signal);
    found.push(evidence(`${name} (${index + 1})`, () => layerMaterial(layer, bytes, suffix)));
  }
  return found;
}

function layerMaterial({ annotations = {} }: Layer, bytes: Buffer, suffix: 'sig' | 'att'): Material {
  const chain = annotations['dev.sigstore.cosign/certificate'] ?? '';
  const bundle = annotations['dev.sigstore.cosign/bundle'] ?? '';
  const timestamp = annotations['dev.sigstore.cosign/rfc3161timestamp'] ?? '';
  const beside = {
    ...(chain === '' ? {} : { certificate: leafCertificate(chain) }),
    logEntries: bundle === '' ? [] : [cosignLogEntry(bundle)],
    timestamps: timestamp === '' ? [] : [cosignTimestamp(timestamp)],
  };
  if (suffix === 'att') return envelopeMaterial(bytes.toString('utf8'), beside);
  const signature = strictBase64(annotations[SIGNATURE_ANNOTATION] ?? '', 'the signature');
  return { form: 'Raw', payloadType: SIMPLE_SIGNING_TYPE, payload: bytes, signature, ...beside };
}

/** Cosign's own bundle of a log entry: a promise without a proof. */
function cosignLogEntry(text: string): TransparencyLogEntry {
  const value = parsed(text, 'the log entry');
  const payload = field(value, 'Payload');
  const body = field(payload, 'body');
  const logID = field(payload, 'logID');
  if (typeof body !== 'string' || typeof logID !== 'string') throw unreadable('the log entry');
  const entry = parsed(Buffer.from(body, 'base64').toString('utf8'), 'the log entry');
  return parseLogEntry(
    JSON.stringify({
      logIndex: String(field(payload, 'logIndex')),
      logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
      kindVersion: { kind: field(entry, 'kind'), version: field(entry, 'apiVersion') },
      integratedTime: String(field(payload, 'integratedTime')),
      inclusionPromise: { signedEntryTimestamp: field(value, 'SignedEntryTimestamp') },
      canonicalizedBody: body,
    }),
  );
}

function cosignTimestamp(text: string): Buffer {
  const token = field(parsed(text, 'the timestamp'), 'SignedRFC3161Timestamp');
  if (typeof token !== 'string') throw unreadable('the timestamp');
  return strictBase64(token, 'the timestamp');
}

function parsed(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable(what);
  }
}

function unreadable(what: string): VerificationFailure {
  return new VerificationFailure('MaterialInvalid', `${what} beside the signature cannot be read`);
}
