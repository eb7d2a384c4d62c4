// SPDX-License-Identifier: Apache-2.0
import { bundleToJSON } from '@sigstore/bundle';
import type { EffectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { ignoredSubject, missingChild } from '../../records/status/left-out.ts';
import type { Artifact } from '../../evidence/artifact.ts';
import { signedBytes } from '../../evidence/signed-bytes.ts';
import { sigstoreBundle } from '../../evidence/sigstore-bundle.ts';
import { subjectOutside } from '../../pipelines/selection/allowed-subjects.ts';
import { printable } from '../../runtime/printable.ts';
import type { RunSigner } from '../../signing/run-signer.ts';
import type { Preview, PreviewedArtifact } from '../preview/preview-runs.ts';

/** The output of `hallmark sign` for one artifact. */
export interface SignedRun {
  readonly run: PreviewedArtifact['run'];
  readonly type: Artifact['type'];
  /** JSON of a Sigstore bundle. */
  readonly bundle: unknown;
  /** The signed payload, if the bundle holds only its digest. */
  readonly payload?: string;
  /** Omissions of the statement, with reasons. */
  readonly warnings?: readonly string[];
}

export interface SignedRuns {
  readonly signed: readonly SignedRun[];
  /** One line for each run or payload that is not signed. */
  readonly failures: readonly string[];
}

/** Signs the payloads of a preview, except for runs that the policy's rules for subjects and children refuse. */
export async function signRuns(
  { artifacts, failures }: Preview,
  signer: RunSigner,
  rules: Pick<EffectiveSigningPolicySpec, 'subjects' | 'children'>,
): Promise<SignedRuns> {
  const signed: SignedRun[] = [];
  const refusals = new Map<string, string>();
  for (const previewed of artifacts) {
    const why = refusal(previewed, rules);
    const run = runText(previewed.run);
    if (why !== undefined && !refusals.has(run)) refusals.set(run, why);
  }
  for (const previewed of artifacts) {
    if (!refusals.has(runText(previewed.run))) signed.push(await signedRun(previewed, signer));
  }
  const refused = [...refusals].map(([run, why]) => printable(`${run}: ${why}`));
  return { signed, failures: [...failures, ...refused] };
}

function refusal(
  { artifact: { subjects, warnings = [] } }: PreviewedArtifact,
  { subjects: { allowedRepositories, onIgnored }, children }: Pick<EffectiveSigningPolicySpec, 'subjects' | 'children'>,
): string | undefined {
  const outside = subjectOutside(allowedRepositories, subjects);
  if (outside !== undefined) {
    return `claims to have built ${outside}, which spec.subjects.allowedRepositories does not allow`;
  }
  const ignored = onIgnored === 'Refuse' ? ignoredSubject(warnings) : undefined;
  if (ignored !== undefined) return `spec.subjects.onIgnored of the policy refuses it: ${ignored.message}`;
  const missing = children.onMissing === 'Refuse' ? missingChild(warnings) : undefined;
  return missing && `spec.children.onMissing of the policy refuses it: ${missing.message}`;
}

async function signedRun({ run, artifact }: PreviewedArtifact, signer: RunSigner): Promise<SignedRun> {
  const { type, payload, warnings = [] } = artifact;
  const { signature } = await signer.sign(signedBytes(artifact));
  const { keyID, publicKey } = signer;
  const bundle = bundleToJSON(sigstoreBundle({ ...artifact, signature, keyID, publicKey }));
  // The bundle of an image signature does not hold its payload, which verification needs.
  const detached = type === 'ImageSignature' ? { payload: payload.toString('utf8') } : {};
  return { run, type, bundle, ...detached, ...(warnings.length === 0 ? {} : { warnings }) };
}

function runText({ kind, namespace, name }: PreviewedArtifact['run']): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
