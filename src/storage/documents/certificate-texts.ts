// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../evidence/artifact.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g;

/** The PEM texts that Chains stores with a signature: its certificate and the chain above it; both empty for a key's signature. */
export interface CertificateTexts {
  readonly certificate: string;
  readonly chain: string;
}

export function certificateTexts(artifact: Pick<SignedArtifact, 'certificate'>): CertificateTexts {
  const [certificate = '', ...chain] = artifact.certificate?.chain.match(CERTIFICATE) ?? [];
  return { certificate, chain: chain.join('') };
}

/** The `certificateChain` of StoredEvidence from these texts; empty without a certificate. */
export function storedChain({ certificate, chain }: CertificateTexts): { readonly certificateChain: string } {
  if (certificate === '') return { certificateChain: '' };
  return { certificateChain: certificate.endsWith('\n') ? certificate + chain : `${certificate}\n${chain}` };
}
