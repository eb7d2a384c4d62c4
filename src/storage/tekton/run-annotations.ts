// SPDX-License-Identifier: Apache-2.0
import { shortKey } from '../../evidence/short-key.ts';
import { signatureText } from '../../evidence/signature-text.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { CHAINS_PREFIX } from '../../tekton/chains-names.ts';
import { certificateTexts } from '../documents/certificate-texts.ts';
import type { RunTarget } from '../run-target.ts';

export function payloadAnnotation(key: string): string {
  return `${CHAINS_PREFIX}payload-${key}`;
}

export function signatureAnnotation(key: string): string {
  return `${CHAINS_PREFIX}signature-${key}`;
}

export function certificateAnnotation(key: string): string {
  return `${CHAINS_PREFIX}cert-${key}`;
}

export function chainAnnotation(key: string): string {
  return `${CHAINS_PREFIX}chain-${key}`;
}

/** The four annotations that Chains writes for one artifact; certificate and chain are empty for a key's signature. */
export function runAnnotations(artifact: SignedArtifact, run: RunTarget): Readonly<Record<string, string>> {
  const key = shortKey(artifact, run);
  const { certificate, chain } = certificateTexts(artifact);
  return {
    [payloadAnnotation(key)]: artifact.payload.toString('base64'),
    [signatureAnnotation(key)]: signatureText(artifact).toString('base64'),
    [certificateAnnotation(key)]: Buffer.from(certificate).toString('base64'),
    [chainAnnotation(key)]: Buffer.from(chain).toString('base64'),
  };
}

/** The size of annotations as Kubernetes counts it for its limit of 256 KiB per object. */
export function annotationBytes(annotations: Readonly<Record<string, string>>): number {
  return Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
