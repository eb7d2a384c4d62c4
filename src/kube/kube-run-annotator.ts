// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../api/v1alpha1/kinds.ts';
import type { KubeClient } from './kube-client.ts';
import { isConflict, isInvalid, isNotFound } from './kube-error.ts';
import { parseMetadata, type ObjectMetadata } from './object-metadata.ts';
import { metadataOnly, type Resource } from './resource.ts';

/** The run to annotate; its UID is a precondition. */
export interface AnnotatedRun {
  readonly apiVersion: 'tekton.dev/v1';
  readonly kind: RunKind;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const PLURALS = { TaskRun: 'taskruns', PipelineRun: 'pipelineruns' } as const;

type AnnotatingClient = Pick<KubeClient, 'find' | 'mergePatch'>;

/** Reads and writes the annotations of Tekton's runs, and nothing else of them. */
export class KubeRunAnnotator {
  readonly #client: AnnotatingClient;

  constructor(client: AnnotatingClient) {
    this.#client = client;
  }

  /**
   * Sets exactly these annotations by a merge patch, which costs the API server far less than server-side apply. The UID inside it
   * is a precondition, so a later run of the same name is never annotated.
   * @returns all annotations that the API server has stored with the run; undefined when no run of this UID exists
   */
  async annotateRun(
    run: AnnotatedRun,
    annotations: Readonly<Record<string, string>>,
    fieldManager: string,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | undefined> {
    const { namespace, name, uid } = run;
    try {
      const patch = { metadata: { namespace, name, uid, annotations } };
      return (await this.#client.mergePatch(runMetadata(run), patch, { fieldManager, signal })).annotations;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      // Another UID is Invalid or a Conflict, and so are other refusals: only reading tells which.
      if ((isConflict(error) || isInvalid(error)) && (await this.readAnnotations(run, signal)) === undefined)
        return undefined;
      throw error;
    }
  }

  /** @returns undefined when no run of this UID exists */
  async readAnnotations(run: AnnotatedRun, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await this.#client.find(runMetadata(run), run, { signal });
    return found?.uid === run.uid ? found.annotations : undefined;
  }
}

function runMetadata(run: AnnotatedRun): Resource<ObjectMetadata> {
  const plural = PLURALS[run.kind];
  const resource = {
    group: 'tekton.dev',
    version: 'v1',
    plural,
    kind: run.kind,
    namespaced: true,
    parse: parseMetadata,
  };
  return metadataOnly(resource, parseMetadata);
}
