// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact } from '../../src/evidence/artifact.ts';

export type Tampering = (artifact: SignedArtifact) => SignedArtifact;

/** The two ways of an attacker who has no key: another text, or another signature. */
export const tamperings: Readonly<Record<'payload' | 'signature', Tampering>> = {
  payload: (artifact) => ({
    ...artifact,
    payload: Buffer.from(artifact.payload.toString().replace('tekton', 'tektom')),
  }),
  signature: (artifact) => ({
    ...artifact,
    signature: Buffer.concat([artifact.signature.subarray(0, -1), Buffer.from([1 ^ (artifact.signature.at(-1) ?? 0)])]),
  }),
};
