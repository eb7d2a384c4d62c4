// SPDX-License-Identifier: Apache-2.0
import { artifactProblem } from '../../../api/v1alpha1/provenance-record/artifact-problem.ts';
import { boundedText } from '../../../runtime/bounded-text.ts';
import { requireSigned, toEvidenceArtifact } from '../../../evidence/evidence-artifact.ts';
import type { RecordedArtifact } from '../../../evidence/artifact.ts';
import { TransparencyError } from '../../../transparency/transparency-error.ts';
import { isWitnessed, wantedWitnesses } from '../../../records/artifact-needs.ts';
import type { Problem } from '../../../api/v1alpha1/problem.ts';
import type { Witnesses } from '../../policy-services/policy-witnesses.ts';

export interface WitnessOutcome {
  /** All artifacts, with what their witnesses returned. */
  readonly artifacts: readonly RecordedArtifact[];
  /** The reason why some were not witnessed. */
  readonly problem?: Problem;
  readonly retryAfterSeconds?: number;
}

/** The handling of results before all of them are there. */
export interface Witnessing {
  readonly witnesses: Witnesses;
  /** Throws when this replica may not ask any more. */
  readonly fence?: () => void;
  /** Keeps the result of a witness in memory until it is written down. */
  readonly note?: (artifact: RecordedArtifact) => void;
  /** Writes down the progress. */
  readonly keep: (artifacts: readonly RecordedArtifact[]) => Promise<void>;
}

const MAX_FAILURE_LENGTH = 1024;

/**
 * Has every signed artifact witnessed: first by timestamp authorities, which keep no entry, and then by the log, so that an attempt that
 * fails leaves no entry behind.
 */
export async function witnessArtifacts(
  artifacts: readonly RecordedArtifact[],
  { witnesses, keep, fence = () => undefined, note = () => undefined }: Witnessing,
  signal: AbortSignal,
): Promise<WitnessOutcome> {
  const current = [...artifacts];
  const wanted = wantedWitnesses(witnesses.transparency);
  const missing = artifacts.flatMap((artifact, index) => (isWitnessed(artifact, wanted) ? [] : [{ artifact, index }]));
  for (const { artifact, index } of missing) {
    fence();
    const { seen, failure } = await witnessArtifact(artifact, fenced(witnesses, fence), signal);
    current[index] = seen;
    note(seen);
    if (failure !== undefined) return { artifacts: current, ...failed(failure) };
    // A tiled log may not recognise its own entry: a crash must cost no more than the entry being made.
    if (witnesses.transparency.rekor?.apiVersion === 2) await keep([...current]);
  }
  return { artifacts: current };
}

/** A timestamp authority can take so long that another replica leads by then. */
function fenced(witnesses: Witnesses, fence: () => void): Witnesses {
  return {
    ...witnesses,
    logEntry: async (artifact, signal) => {
      fence();
      return witnesses.logEntry(artifact, signal);
    },
  };
}

function failed({ reason, message, retryAfterSeconds }: TransparencyError): Omit<WitnessOutcome, 'artifacts'> {
  const wait = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { problem: { reason, message }, ...wait };
}

interface Seen {
  /** The artifact with the results that it may keep. */
  readonly seen: RecordedArtifact;
  readonly failure?: TransparencyError;
}

async function witnessArtifact(artifact: RecordedArtifact, witnesses: Witnesses, signal: AbortSignal): Promise<Seen> {
  let seen = artifact;
  try {
    const stamped = await withTimestamps(artifact, witnesses, signal);
    if (mayKeepTimestamps(artifact, witnesses)) seen = stamped;
    return { seen: await withLogEntry(stamped, witnesses, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransparencyError)) throw error;
    return { seen, failure: error };
  }
}

/**
 * True when timestamps count before the log has answered. A certificate that they saw in time is valid for ever; but a log that states its
 * own time has to see it in time too, and if it does not, the artifact is signed again.
 */
function mayKeepTimestamps({ certificate }: RecordedArtifact, { transparency }: Witnesses): boolean {
  return certificate === undefined || transparency.rekor?.apiVersion !== 1;
}

async function withTimestamps(
  artifact: RecordedArtifact,
  witnesses: Witnesses,
  signal: AbortSignal,
): Promise<RecordedArtifact> {
  const isStamped = witnesses.transparency.timestampAuthorities.length === 0 || artifact.timestamps !== undefined;
  if (isStamped) return artifact;
  const timestamps = await witnesses.timestamps(requireSigned(artifact), signal);
  checkWindow(
    artifact,
    timestamps.map(({ time }) => time),
  );
  return fitting({ ...artifact, timestamps });
}

async function withLogEntry(
  artifact: RecordedArtifact,
  witnesses: Witnesses,
  signal: AbortSignal,
): Promise<RecordedArtifact> {
  const { rekor } = witnesses.transparency;
  if (rekor === undefined || isWitnessed(artifact, ['Log'])) return artifact;
  try {
    // Send the timestamps too: a log without a clock relies on them for a certificate.
    const entry = await witnesses.logEntry(requireSigned(artifact), signal);
    checkWindow(artifact, entry.integratedTime === undefined ? [] : [entry.integratedTime]);
    return fitting({ ...artifact, logEntries: [entry] });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof TransparencyError) || rekor.onFailure !== 'StoreWithout') throw error;
    return { ...artifact, logFailure: boundedText(error.message, MAX_FAILURE_LENGTH) };
  }
}

/** Rejects a result that does not fit into the record: it could never be written, and would be asked for again and again. */
function fitting(artifact: RecordedArtifact): RecordedArtifact {
  const problem = artifactProblem(toEvidenceArtifact(artifact));
  if (problem === undefined) return artifact;
  const message = `what witnessed "${artifact.name}" does not fit into its record (${problem}): use another log or timestamp authority`;
  throw new TransparencyError('VerificationFailed', message);
}

/** A witness that saw the signature after its certificate ended proves nothing: the artifact has to be signed again. */
function checkWindow({ name, certificate }: RecordedArtifact, times: readonly string[]): void {
  if (certificate === undefined) return;
  const [from, to] = [Date.parse(certificate.notBefore), Date.parse(certificate.notAfter)];
  const isOutside = times.some((time) => Date.parse(time) < from || Date.parse(time) > to);
  if (!isOutside) return;
  const message = `"${name}" was seen outside the validity of its certificate: it is signed again`;
  throw new TransparencyError('VerificationFailed', message);
}
