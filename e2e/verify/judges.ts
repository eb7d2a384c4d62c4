// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { TUFError } from 'sigstore';
import type { SignedArtifact } from '../../src/evidence/artifact.ts';
import { sigstoreBundleText } from '../../src/evidence/sigstore-bundle.ts';
import { bundleMaterial } from '../../src/verify/material/bundle-material.ts';
import type { Expectations } from '../../src/verify/expectations.ts';
import { DEFAULT_TYPES } from '../../src/cli/verify/requirements.ts';
import { VerificationFailure } from '../../src/verify/verification-failure.ts';
import { verifyArtifact } from '../../src/verify/verify-artifact.ts';
import type { CosignBlobs } from '../sigstore/cosign-blobs.ts';
import type { SigstoreJudge } from '../sigstore/sigstore-judge.ts';

/** The accepted signers and witnesses; everything else is required as strictly as possible. */
export type Accepted = Partial<Expectations>;

/** Returns the codes of the problems that Hallmark's own verifier finds in an artifact's bundle. */
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

export interface OtherJudges {
  readonly cosign: CosignBlobs;
  readonly sigstore: SigstoreJudge;
  /** Cosign's arguments for the accepted signers; the artifact's own key by default. */
  readonly cosignTrust?: readonly string[];
}

/** Hallmark, cosign and the `sigstore` package must agree on evidence. */
export class Judges {
  readonly #others: OtherJudges;
  readonly #accepted: Accepted;

  constructor(others: OtherJudges, accepted: Accepted) {
    this.#others = others;
    this.#accepted = accepted;
  }

  async accept(artifact: SignedArtifact): Promise<void> {
    const { cosign, sigstore, cosignTrust } = this.#others;
    assert.deepEqual(ourCodes(artifact, this.#accepted), []);
    await cosign.verify(artifact, cosignTrust);
    await sigstore.verify(artifact, this.#accepted);
  }

  /**
   * @param code the reason that Hallmark gives
   * @param sigstoreAccepts true for evidence that the `sigstore` package does not refuse
   */
  async refuse(artifact: SignedArtifact, code: string, { sigstoreAccepts = false } = {}): Promise<void> {
    const { cosign, sigstore, cosignTrust } = this.#others;
    assert.deepEqual(ourCodes(artifact, this.#accepted), [code]);
    await assert.rejects(cosign.verify(artifact, cosignTrust), { name: 'CommandFailed' });
    const verdict = sigstore.verify(artifact, this.#accepted);
    if (sigstoreAccepts) await verdict;
    // Material that it cannot parse is an error of its parser.
    else await assert.rejects(verdict, (error) => !(error instanceof TUFError), code);
  }
}
