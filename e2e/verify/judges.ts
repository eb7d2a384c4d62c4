// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { bundleMaterial } from '../../src/verify/material/bundle-material.ts';
import type { Expectations } from '../../src/verify/expectations.ts';
import { DEFAULT_TYPES } from '../../src/cli/verify/requirements.ts';
import { VerificationFailure } from '../../src/verify/verification-failure.ts';
import { verifyArtifact } from '../../src/verify/verify-artifact.ts';
import type { CosignBlobs } from '../sigstore/cosign-blobs.ts';

/** Whom and what to accept; the rest is asked for as sternly as it can be. */
export type Accepted = Partial<Expectations>;

/** What Hallmark's own verifier finds wrong with an artifact's bundle. */
export function ourCodes(artifact: SignedArtifact, accepted: Accepted): readonly string[] {
  try {
    const result = verifyArtifact(bundleMaterial(sigstoreBundleText(artifact), artifact.payload), {
      keys: [],
      identities: [],
      predicateTypes: DEFAULT_TYPES,
      subjects: [],
      logs: 0,
      timestamps: 0,
      now: new Date(),
      ...accepted,
    });
    return result.problems.map(({ code }) => code);
  } catch (error) {
    assert.ok(error instanceof VerificationFailure, String(error));
    return [error.code];
  }
}

/** Both judges find the same. `trust` are cosign's arguments that say whom to believe. */
export class Judges {
  readonly #cosign: CosignBlobs;
  readonly #accepted: Accepted;
  readonly #trust: readonly string[] | undefined;

  constructor(cosign: CosignBlobs, accepted: Accepted, trust?: readonly string[]) {
    this.#cosign = cosign;
    this.#accepted = accepted;
    this.#trust = trust;
  }

  async accept(artifact: SignedArtifact): Promise<void> {
    assert.deepEqual(ourCodes(artifact, this.#accepted), []);
    await this.#cosign.verify(artifact, this.#trust);
  }

  /** @param code what ours gives for the reason */
  async refuse(artifact: SignedArtifact, code: string): Promise<void> {
    assert.deepEqual(ourCodes(artifact, this.#accepted), [code]);
    await assert.rejects(this.#cosign.verify(artifact, this.#trust), { name: 'CommandFailed' });
  }
}
