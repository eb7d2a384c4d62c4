// SPDX-License-Identifier: Apache-2.0
import type { PayloadlessArtifact, SignedArtifact } from '../../evidence/artifact.ts';
import { withPayload } from '../../evidence/evidence-artifact.ts';
import { EvidenceError } from '../../evidence/evidence-error.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { SigningError } from '../../signing/signing-error.ts';
import type { StorageDriver } from '../../storage/driver.ts';
import { type EvidenceReader, evidenceReader } from '../../storage/evidence-reader.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { isSharedSignature } from '../../verify/verify-shared.ts';
import { verifyStored } from '../../verify/verify-stored.ts';
import type { PolicySigners } from './policy-signers.ts';
import type { PolicyWitnesses } from './policy-witnesses.ts';
import type { StoredLocation, VerificationFact } from '../../records/status/record-facts.ts';
import type { RunTarget } from '../../storage/run-target.ts';

type HeldArtifact = SignedArtifact | PayloadlessArtifact;
type TrustedRoot = NonNullable<Awaited<ReturnType<PolicyWitnesses['root']>>>;

/** The artifacts of a record in one backend, to be read back. */
export interface ReadBack {
  readonly driver: StorageDriver;
  /** An artifact without its payload is compared by its digest. */
  readonly artifacts: readonly HeldArtifact[];
  readonly locations: readonly StoredLocation[];
  readonly run: RunTarget;
  /** The policy whose trusted root counts; undefined when it is gone. */
  readonly policy: PolicyDefinition | undefined;
  readonly now: Date;
}

interface Reading extends ReadBack {
  readonly trustedRoot: TrustedRoot | undefined;
  readonly read: EvidenceReader<StoredLocation>;
}

/**
 * The result of a read-back. `Unread`: the backend or the trusted root cannot be read now. `Undecidable`: nothing can be verified any
 * more, because the run is gone that held it, or the policy whose trusted root counted.
 */
export type ReadBackResult = VerificationFact | 'Unread' | 'Undecidable';

function unknownPlace({ uri }: StoredLocation): string {
  return `${uri}: the record does not say which of its artifacts is stored there; "hallmark backfill" writes them again`;
}

const otherPayload = 'what was read back is not what was signed and stored: it differs in the payload';

/** Reasons of a backend that leave its contents unknown. */
const unreadable = new Set(['BackendUnavailable', 'BackendUnauthorized', 'BackendNotReady', 'EndpointForbidden']);

/** Fetches stored evidence and verifies it: it is the signed artifact, and its signature and witnesses are valid. */
export class EvidenceVerifier {
  readonly #witnesses: PolicyWitnesses;
  readonly #judge: typeof verifyStored;
  readonly #signers: Pick<PolicySigners, 'check'>;

  /** @param judge compares evidence with what was signed, and verifies it */
  constructor(
    witnesses: PolicyWitnesses,
    signers: Pick<PolicySigners, 'check'>,
    judge: typeof verifyStored = verifyStored,
  ) {
    this.#witnesses = witnesses;
    this.#judge = judge;
    this.#signers = signers;
  }

  async verify(work: ReadBack, signal: AbortSignal): Promise<ReadBackResult> {
    const trustedRoot = await this.#root(work, signal);
    if (trustedRoot === undefined && work.artifacts.some(needsRoot)) {
      return work.policy?.spec.trustedRoot === undefined ? 'Undecidable' : 'Unread';
    }
    const reading = { ...work, trustedRoot, read: evidenceReader(work, signal) };
    for (const location of work.locations) {
      const artifact = work.artifacts.find(({ name }) => name === location.artifact);
      if (artifact === undefined) return { state: 'Failed', message: unknownPlace(location) };
      try {
        const problem = await this.#problemAt(reading, location, artifact, signal);
        if (problem !== undefined && (await this.#isOtherOf(reading, location, signal))) continue;
        if (problem !== undefined) return { state: 'Failed', message: `${location.uri}: ${problem}` };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StorageError)) throw error;
        if (unreadable.has(error.reason)) return 'Unread';
        // Runs are pruned with their annotations: no evidence was taken away.
        if (error.reason === 'RunDeleted') return 'Undecidable';
        const message = `${location.uri}: ${error.message}; "hallmark backfill" writes it again`;
        return { state: 'Failed', message };
      }
    }
    return { state: 'Verified' };
  }

  /** True when another artifact of the record lies there: earlier versions let two of one digest take the same name in turn. */
  async #isOtherOf(work: Reading, { uri, artifact: expected }: StoredLocation, signal: AbortSignal): Promise<boolean> {
    for (const other of work.locations.filter((of) => of.uri === uri && of.artifact !== expected)) {
      const artifact = work.artifacts.find(({ name }) => name === other.artifact);
      if (artifact === undefined) continue;
      if ((await this.#problemAt(work, other, artifact, signal)) === undefined) return true;
    }
    return false;
  }

  /** The policy's trusted root; undefined where there is none to be had, now or any more. */
  async #root({ policy }: ReadBack, signal: AbortSignal): Promise<TrustedRoot | undefined> {
    if (policy === undefined) return undefined;
    try {
      return await this.#witnesses.root(policy, signal);
    } catch (error) {
      if (error instanceof TransparencyError) return undefined;
      throw error;
    }
  }

  async #problemAt(
    { read, policy, now, trustedRoot }: Reading,
    location: StoredLocation,
    held: HeldArtifact,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const stored = await read(location);
    const artifact = completed(held, stored.payload);
    if (artifact === undefined) return otherPayload;
    const keys = [{ keyID: artifact.keyID, publicKey: artifact.publicKey }];
    const { certificate } = artifact;
    const identity =
      certificate === undefined ? undefined : { identity: certificate.identity, issuer: certificate.issuer };
    const [problem] = this.#judge(stored, artifact, {
      keys: certificate === undefined ? keys : [],
      ...(identity === undefined ? {} : { identity }),
      ...(trustedRoot === undefined ? {} : { trustedRoot }),
      requireLog: artifact.logEntries !== undefined,
      requireTimestamp: artifact.timestamps !== undefined,
      now,
    });
    if (problem?.code !== 'NotWhatWasSigned') return problem?.message;
    const own = certificate === undefined ? [artifact.publicKey] : [];
    const publicKeys = [...own, ...(await this.#keysOf(policy, signal))];
    return isSharedSignature(stored, artifact, { publicKeys, identity, trustedRoot }) ? undefined : problem.message;
  }

  /** Every known key that the policy's evidence verifies with. */
  async #keysOf(policy: PolicyDefinition | undefined, signal: AbortSignal): Promise<readonly string[]> {
    if (policy === undefined) return [];
    const { active, retired } = await this.#signers.check(policy, signal).catch((error: unknown) => {
      if (error instanceof SigningError) return error.published ?? { active: undefined, retired: [] };
      throw error;
    });
    return [...(active === undefined ? [] : [active]), ...retired].map(({ publicKey }) => publicKey);
  }
}

/** The artifact with the payload that was read back; undefined when that is another one than its record dropped. */
function completed(held: HeldArtifact, payload: Buffer): SignedArtifact | undefined {
  try {
    return withPayload(held, payload);
  } catch (error) {
    if (error instanceof EvidenceError) return undefined;
    throw error;
  }
}

/** Certificates and witnesses can be verified with a trusted root alone. */
function needsRoot({ certificate, logEntries, timestamps }: HeldArtifact): boolean {
  return [certificate, logEntries, timestamps].some((part) => part !== undefined);
}
