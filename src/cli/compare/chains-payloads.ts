// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import type { RecordedArtifact } from '../../evidence/artifact.ts';
import { shortKey } from '../../evidence/short-key.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import { payloadAnnotation } from '../../storage/tekton/run-annotations.ts';
import { UncheckedError } from '../cli-error.ts';
import type { RegistryOptions } from '../registry/repository-access.ts';

/** A payload that Chains stored. */
export interface ChainsPayload {
  /** The place, for people. */
  readonly place: string;
  readonly payload: Buffer;
}

/** A run with its annotations. */
export interface AnnotatedRun {
  readonly kind: RunKind;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The payload of an artifact in the annotations of its run. */
export function annotatedPayload(run: AnnotatedRun, artifact: RecordedArtifact): ChainsPayload | undefined {
  const name = payloadAnnotation(shortKey(artifact, run));
  const text = run.annotations[name];
  return text === undefined || text === '' ? undefined : { place: 'annotation', payload: Buffer.from(text, 'base64') };
}

/** Reads registries with the user's own logins. */
export class RegistryPayloads {
  readonly #options: RegistryOptions;
  readonly #egress: EgressClient;
  readonly #signal: AbortSignal;

  constructor(
    options: RegistryOptions,
    { egress, signal }: { readonly egress: EgressClient; readonly signal: AbortSignal },
  ) {
    this.#options = options;
    this.#egress = egress;
    this.#signal = signal;
  }

  /**
   * The payloads next to the first subject that is an image, of the same kind as the artifact. Everything of an image is there: of its
   * TaskRun, of its PipelineRun, and of Hallmark itself. @throws UncheckedError
   */
  async of({ type, subjects }: RecordedArtifact): Promise<readonly ChainsPayload[]> {
    const [{ imageEvidence }, { parseRepository }] = await Promise.all([
      import('../verify/image-evidence.ts'),
      import('../../storage/oci/registry/repository.ts'),
    ]);
    const image = subjects.find(
      ({ name, digest }) => digest['sha256'] !== undefined && parseRepository(name) !== undefined,
    );
    const hex = image?.digest['sha256'];
    if (image === undefined || hex === undefined) return [];
    const reference = `${image.name}@sha256:${hex}`;
    const { items } = await imageEvidence(reference, this.#options, this.#egress, this.#signal);
    const form = type === 'Attestation' ? 'Envelope' : 'Raw';
    return items.flatMap(({ place, material }) => {
      if (!('payload' in material)) throw new UncheckedError(`${place} cannot be read`);
      return material.form === form ? [{ place, payload: material.payload }] : [];
    });
  }
}
