// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { certificateTexts, storedChain } from '../documents/certificate-texts.ts';
import { evidenceDocument } from '../documents/evidence-document.ts';
import type { StoredEvidence } from '../driver.ts';
import { attributeValue, text } from './attribute-values.ts';

export type Item = Record<string, AttributeValue>;

/** The service takes 32 levels, of which the item is the first. */
const LIMITS = { store: 'DynamoDB', maxDepth: 31 } as const;

/** The document that Chains writes into a document database: these fields, and no others, or its reader refuses it. @throws StorageError for what no item holds */
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

/** What a document holds; undefined when it is none. */
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

/** The item beside a document that says whose it is, and of which signature: the document itself has no room for that. */
export function ownerItem(item: Item, owner: string): Item {
  return { ...ownerKey(item['Name']?.S ?? ''), Owner: { S: owner }, Digest: { S: signatureDigest(item) } };
}

export function ownerKey(name: string): Item {
  return { Name: { S: `hallmark-owner/${name}` } };
}

/** Whose a document is; undefined when nobody noted it, or when the note is about an earlier one. */
export function ownerOf(item: Item, beside: Item | undefined): string | undefined {
  return beside?.['Digest']?.S === signatureDigest(item) ? beside['Owner']?.S : undefined;
}

function signatureDigest(item: Item): string {
  return createHash('sha256')
    .update(item['Signature']?.S ?? '')
    .digest('hex');
}
