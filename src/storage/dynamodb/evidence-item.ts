// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { certificateTexts, storedChain } from '../documents/certificate-texts.ts';
import { evidenceDocument } from '../documents/evidence-document.ts';
import { attributeValue, text } from './attribute-values.ts';
import type { StoredEvidence } from '../stored-evidence.ts';

export type Item = Record<string, AttributeValue>;

/** DynamoDB allows 32 levels, of which the item is the first. */
const LIMITS = { store: 'DynamoDB', maxDepth: 31 } as const;

/** The document that Chains writes; its reader refuses other fields. @throws StorageError for a payload that no item can hold */
export function evidenceItem(artifact: SignedArtifact, name: string): Item {
  const { certificate, chain } = certificateTexts(artifact);
  return {
    Name: { S: name },
    Signed: { B: artifact.payload },
    Signature: { S: signatureText(artifact).toString('base64') },
    Cert: text(certificate),
    Chain: text(chain),
    Object: attributeValue(evidenceDocument(artifact, name, LIMITS).Object),
  };
}

/** Read the evidence in a document; undefined for any other item. */
export function storedItem(item: Item): StoredEvidence | undefined {
  const { Signed, Signature, Cert, Chain } = item;
  if (Signed?.B === undefined || Signature?.S === undefined) return undefined;
  return {
    payload: Buffer.from(Signed.B),
    signature: Buffer.from(Signature.S, 'base64'),
    encoding: 'SignatureText',
    ...storedChain({ certificate: Cert?.S ?? '', chain: Chain?.S ?? '' }),
  };
}

/** The item that notes a document's owner and the signature that the note is about. The document itself must have no other fields. */
export function ownerItem(item: Item, owner: string): Item {
  return { ...ownerKey(item['Name']?.S ?? ''), Owner: { S: owner }, Digest: { S: signatureDigest(item) } };
}

export function ownerKey(name: string): Item {
  return { Name: { S: `hallmark-owner/${name}` } };
}

/** The owner of a document; undefined without a note, or with a note about an earlier document. */
export function ownerOf(item: Item, note: Item | undefined): string | undefined {
  return note?.['Digest']?.S === signatureDigest(item) ? note['Owner']?.S : undefined;
}

function signatureDigest(item: Item): string {
  return createHash('sha256')
    .update(item['Signature']?.S ?? '')
    .digest('hex');
}
