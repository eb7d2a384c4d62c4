// SPDX-License-Identifier: Apache-2.0
import { labelSelectorMatches } from '../../api/v1alpha1/fields/label-selector.ts';
import { MAX_ARTIFACTS } from '../../api/v1alpha1/provenance-record/evidence.ts';
import { reasons } from '../../api/v1alpha1/reasons.ts';
import { warning } from '../../api/v1alpha1/warning.ts';
import { refusal } from '../../pipelines/refusal.ts';
import type { Pipeline } from '../../pipelines/pipeline.ts';
import type { SelectableRun } from '../../pipelines/selection/run-selection.ts';
import type { IndexImages } from '../../provenance/payload-options.ts';
import { signedImages } from '../../provenance/signed-images.ts';
import { runTarget } from '../../storage/run-target.ts';
import { indexChildren } from '../../storage/oci/index-children.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { FinishedRun } from '../../tekton/finished-run.ts';
import { type ImageReference, parseImageReference } from '../../tekton/images/image-reference.ts';
import type { ControllerContext } from '../controller-context.ts';
import type { TrustedRecord } from '../../records/read-record.ts';
import type { Problem } from '../../api/v1alpha1/problem.ts';

/** Images of one index that get signatures of their own. */
const MAX_CHILDREN = 64;

export interface IndexQuestions {
  readonly run: FinishedRun | Problem;
  readonly summary: SelectableRun;
  readonly pipeline: Pipeline;
  readonly existing: TrustedRecord | undefined;
}

export interface GatheredIndexImages {
  /** Absent where the policy does not ask for them. */
  readonly indexImages?: ReadonlyMap<string, IndexImages> | Problem;
  /** A failure after which the run is tried again. */
  readonly failure?: StorageError;
}

/** Reads from their registries which images the indexes hold that a run built, if the policy signs those too. */
export async function gatherIndexImages(
  context: Pick<ControllerContext, 'access'>,
  questions: IndexQuestions,
  signal: AbortSignal,
): Promise<GatheredIndexImages> {
  const built = imagesToAsk(questions);
  if (built.length === 0) return {};
  try {
    return { indexImages: await readAll(context, built, questions, signal) };
  } catch (failure) {
    signal.throwIfAborted();
    if (!(failure instanceof StorageError)) throw failure;
    return { indexImages: { reason: reasons[failure.reason], message: failure.message }, failure };
  }
}

/** Images of a record that has its artifacts already are not read again; a policy without the option costs no request. */
function imagesToAsk({ run, pipeline: { policy }, existing }: IndexQuestions): readonly ImageReference[] {
  const { formats, indexChildren: isAsked } = policy.spec.imageSignatures;
  const isMade = (existing?.object.evidence?.artifacts ?? []).length > 0;
  if (!isAsked || formats.length === 0 || isMade || refusal(policy) !== undefined || 'reason' in run) return [];
  return signedImages(run, policy.spec.attestation.format);
}

async function readAll(
  { access }: Pick<ControllerContext, 'access'>,
  built: readonly ImageReference[],
  { summary, pipeline }: IndexQuestions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, IndexImages>> {
  const { policy, backends } = pipeline;
  const { formats } = policy.spec.imageSignatures;
  const run = runTarget({ ...summary, completionTime: summary.finished.completionTime }, policy);
  const backend = backends.find(
    ({ spec }) => spec.type === 'OCI' && labelSelectorMatches(spec.selector, summary.labels),
  );
  const found = new Map<string, IndexImages>();
  // The artifacts that a record has left after the attestation and the images themselves.
  let room = Math.floor((MAX_ARTIFACTS - 1) / formats.length) - built.length;
  for (const { fullName, repository, digestHex } of built) {
    const limit = Math.max(0, Math.min(MAX_CHILDREN, room));
    const question = { image: repository, digest: `sha256:${digestHex}`, run, backend, limit };
    const { digests, warnings } = await indexChildren(question, access, signal);
    room -= digests.length;
    const images = digests.map((digest) => parseImageReference(`${repository}@${digest}`));
    found.set(fullName, {
      images: images.filter((image) => image !== undefined),
      warnings: warnings.map((text) => warning('IndexImageOmitted', text)),
    });
  }
  return found;
}
