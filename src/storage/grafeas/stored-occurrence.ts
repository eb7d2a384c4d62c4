// SPDX-License-Identifier: Apache-2.0
import { field, listField } from '../../json/fields.ts';
import { dsseEnvelope } from '../../evidence/dsse-envelope.ts';
import type { StoredEvidence } from '../stored-evidence.ts';

/** An occurrence in the form of either version of the API. */
export interface StoredOccurrence {
  /** `projects/<project>/occurrences/<id>`. */
  readonly name: string;
  readonly resourceURI: string;
  readonly kind: string;
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly keyID: string;
}

const NAME = /^projects\/[^/]{1,127}\/occurrences\/[^/?#]{1,256}$/;

/** Undefined unless it has an envelope with one signature. */
export function storedOccurrence(value: unknown): StoredOccurrence | undefined {
  const envelope = field(value, 'envelope');
  const [signature, ...more] = listField(envelope, 'signatures');
  const name = text(value, 'name');
  if (signature === undefined || more.length > 0 || !NAME.test(name)) return undefined;
  return {
    name,
    resourceURI: text(value, 'resourceUri') || text(field(value, 'resource'), 'uri'),
    kind: text(value, 'kind'),
    payloadType: text(envelope, 'payloadType'),
    payload: Buffer.from(text(envelope, 'payload'), 'base64'),
    signature: Buffer.from(text(signature, 'sig'), 'base64'),
    keyID: text(signature, 'keyid'),
  };
}

/** The stored evidence in its original form: a statement about an image becomes its envelope again. */
export function occurrenceEvidence(occurrence: StoredOccurrence): StoredEvidence {
  const { kind, payload, payloadType, signature, keyID } = occurrence;
  const isStatement = kind === 'ATTESTATION' && payloadType === 'application/vnd.in-toto+json';
  const text = isStatement ? Buffer.from(dsseEnvelope({ payloadType, payload, keyID, signature })) : signature;
  return { payload, signature: text, encoding: 'SignatureText' };
}

function text(value: unknown, name: string): string {
  const member = field(value, name);
  return typeof member === 'string' ? member : '';
}
