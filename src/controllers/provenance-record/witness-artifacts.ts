// SPDX-License-Identifier: Apache-2.0
import type { EvidenceArtifact } from '../../api/v1alpha1/provenance-record/schema.ts';
import type { Transparency } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { fromEvidenceArtifact } from '../../evidence/evidence-artifact.ts';
import type { LogEntry, SignedArtifact, Timestamp } from '../../evidence/signed-artifact.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { isWitnessed, wantedWitnesses } from './artifact-needs.ts';
import type { Problem } from './record-facts.ts';

/** Who sees the signatures of a policy. Every failure is a TransparencyError; an abort rejects with the signal's reason. */
export interface Witnesses {
  readonly transparency: Transparency;
  /** One timestamp of each authority of the policy, verified. */
  timestamps(artifact: SignedArtifact, signal: AbortSignal): Promise<readonly Timestamp[]>;
  /** The entry of the policy's log, verified. */
  logEntry(artifact: SignedArtifact, signal: AbortSignal): Promise<LogEntry>;
}

export interface WitnessOutcome {
  /** All artifacts, those that were witnessed with what they got. */
  readonly artifacts: readonly EvidenceArtifact[];
  /** Why some were not. */
  readonly problem?: Problem;
  readonly retryAfterSeconds?: number;
}

const MAX_FAILURE_LENGTH = 1024;

/**
 * Has every signed artifact seen by the policy's witnesses. An artifact takes all its testimonies or none: timestamps first, which cost
 * nobody anything, and the log last, so that an attempt that fails leaves no entry behind.
 */
export async function witnessArtifacts(
  artifacts: readonly EvidenceArtifact[],
  witnesses: Witnesses,
  signal: AbortSignal,
): Promise<WitnessOutcome> {
  const witnessed: EvidenceArtifact[] = [];
  const wanted = wantedWitnesses(witnesses.transparency);
  let failure: TransparencyError | undefined;
  for (const artifact of artifacts) {
    if (failure !== undefined || isWitnessed(artifact, wanted)) {
      witnessed.push(artifact);
      continue;
    }
    try {
      witnessed.push(await witnessArtifact(artifact, witnesses, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransparencyError)) throw error;
      failure = error;
      witnessed.push(artifact);
    }
  }
  if (failure === undefined) return { artifacts: witnessed };
  const { reason, message, retryAfterSeconds } = failure;
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { artifacts: witnessed, problem: { reason, message }, ...wait };
}

async function witnessArtifact(
  artifact: EvidenceArtifact,
  witnesses: Witnesses,
  signal: AbortSignal,
): Promise<EvidenceArtifact> {
  const { rekor, timestampAuthorities } = witnesses.transparency;
  const signed = fromEvidenceArtifact(artifact);
  const timestamps = timestampAuthorities.length === 0 ? undefined : await witnesses.timestamps(signed, signal);
  // A log without a clock takes a certificate at the word of these.
  const seen = timestamps === undefined ? signed : { ...signed, timestamps };
  const log = rekor === undefined ? {} : await logged(seen, witnesses, signal);
  checkWindow(artifact, [
    ...(timestamps ?? []).map(({ time }) => time),
    ...(log.logEntries ?? []).flatMap(({ integratedTime }) => integratedTime ?? []),
  ]);
  return { ...artifact, ...log, ...(timestamps === undefined ? {} : { timestamps }) };
}

/** What a witness saw after the certificate ended proves nothing: the artifact has to be signed anew. */
function checkWindow({ name, certificate }: EvidenceArtifact, times: readonly string[]): void {
  if (certificate === undefined) return;
  const [from, to] = [Date.parse(certificate.notBefore), Date.parse(certificate.notAfter)];
  const isOutside = times.some((time) => Date.parse(time) < from || Date.parse(time) > to);
  if (!isOutside) return;
  const message = `"${name}" was seen outside the validity of its certificate: it is signed again`;
  throw new TransparencyError('VerificationFailed', message);
}

async function logged(
  artifact: SignedArtifact,
  witnesses: Witnesses,
  signal: AbortSignal,
): Promise<Pick<EvidenceArtifact, 'logEntries' | 'logFailure'>> {
  try {
    return { logEntries: [await witnesses.logEntry(artifact, signal)] };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransparencyError) || witnesses.transparency.rekor?.onFailure !== 'StoreWithout')
      throw error;
    return { logFailure: error.message.slice(0, MAX_FAILURE_LENGTH) };
  }
}
