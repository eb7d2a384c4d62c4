// SPDX-License-Identifier: Apache-2.0
import { createPublicKey } from 'node:crypto';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import type { SignedArtifact } from '../evidence/artifact.ts';
import { artifactMaterial } from '../verify/material/artifact-material.ts';
import { readCertificate } from '../verify/checks/check-certificate.ts';
import { checkWitnesses, type Witnessed } from '../verify/checks/check-witnesses.ts';
import { SignatureContent } from '../verify/signature-content.ts';
import { trustMaterial } from '../verify/trust-material.ts';

/**
 * Verifies the log entries and timestamps of an artifact like stored evidence: each must cover exactly this signature, payload and key, and
 * come from a log or authority of the trusted root. @throws VerificationFailure
 */
export function verifiedTestimony(artifact: SignedArtifact, trustedRoot: TrustedRoot): Witnessed {
  const material = artifactMaterial(artifact);
  const certificate = material.certificate === undefined ? undefined : readCertificate(material.certificate);
  const publicKey = createPublicKey(artifact.publicKey);
  const der = certificate === undefined ? publicKey.export({ format: 'der', type: 'spki' }) : undefined;
  const trust = trustMaterial(trustedRoot, der);
  return checkWitnesses(material, new SignatureContent(material), { publicKey, certificate }, trust);
}
