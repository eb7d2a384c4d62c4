// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from './artifact.ts';

/**
 * Make the DSSE envelope as Tekton Chains writes it: compact JSON, keys in this order, exactly one signature with its keyid.
 * Registries deduplicate by these bytes, so the order is part of the contract.
 */
export function dsseEnvelope(
  artifact: Pick<SignedArtifact, 'payloadType' | 'payload' | 'keyID' | 'signature'>,
): string {
  return JSON.stringify({
    payloadType: artifact.payloadType,
    payload: artifact.payload.toString('base64'),
    signatures: [{ keyid: artifact.keyID, sig: artifact.signature.toString('base64') }],
  });
}
