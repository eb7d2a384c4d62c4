// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../evidence/artifact.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g;

/** The PEM texts that Chains stores beside a signature: its certificate, and the chain above; both empty with a key signer. */
export interface CertificateTexts {
  readonly certificate: string;
  readonly chain: string;
}

export function certificateTexts(artifact: Pick<SignedArtifact, 'certificate'>): CertificateTexts {
  const [certificate = '', ...chain] = artifact.certificate?.chain.match(CERTIFICATE) ?? [];
  return { certificate, chain: chain.join('') };
}

/** The member of StoredEvidence that these texts make; empty without a certificate. */
export function storedChain({ certificate, chain }: CertificateTexts): { readonly certificateChain: string } {
  if (certificate === '') return { certificateChain: '' };
  return { certificateChain: certificate.endsWith('\n') ? certificate + chain : `${certificate}\n${chain}` };
}
