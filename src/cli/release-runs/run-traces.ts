// SPDX-License-Identifier: Apache-2.0
import { DELETION_GUARD } from '../../api/v1alpha1/deletion-guard.ts';
import type { RunKind } from '../../api/v1alpha1/kinds.ts';
import { listField, objectField, stringField } from '../../json/fields.ts';
import { metadataOnly, type Resource } from '../../kube/resource.ts';
import { type ObjectMetadata, parseMetadata } from '../../kube/object-metadata.ts';
import { runResources } from '../../kube/tekton-resources.ts';

/** A run, as much of it as removing traces needs: very many may be kept in memory. */
export interface TracedRun extends Pick<ObjectMetadata, 'namespace' | 'name' | 'uid' | 'resourceVersion'> {
  readonly finalizers: readonly string[];
  /** The names of its annotations that are to be removed. */
  readonly annotations: readonly string[];
}

/** A run whose annotations are considered. */
export interface Annotated {
  readonly uid: string;
  /** The names of the annotations that Hallmark wrote, as the API server recorded it. */
  readonly ours: ReadonlySet<string>;
}

/** The parts of runs that are removed, and the words for people. */
export interface RunTraces {
  readonly isFinalizer: (name: string) => boolean;
  readonly isAnnotation: (name: string, run: Annotated) => boolean;
  readonly words: {
    /** The state of a run that has traces. */
    readonly before: string;
    readonly after: string;
    /** The state of a run whose traces could not be removed. */
    readonly still: string;
    readonly summary: (isDryRun: boolean, removed: number, failed: number) => string;
  };
}

/** The finalizer of `deletionGuard: Hold`. */
export const guardTraces: RunTraces = {
  isFinalizer: (name) => name === DELETION_GUARD,
  isAnnotation: () => false,
  words: {
    before: 'is held',
    after: 'is let go',
    still: 'is still held',
    summary: (isDryRun, released, failed) =>
      isDryRun ? `${released} runs are held` : `${released} runs are let go, ${failed} are still held`,
  },
};

/** True when a run has anything to remove. */
export function hasTraces({ finalizers, annotations }: TracedRun, { isFinalizer }: RunTraces): boolean {
  return annotations.length > 0 || finalizers.some(isFinalizer);
}

/** The runs of a kind, without what removing traces does not need. */
export function tracedRuns(kind: RunKind, { isAnnotation }: RunTraces): Resource<TracedRun> {
  return metadataOnly(runResources[kind], (object) => {
    const { namespace, name, uid, resourceVersion } = parseMetadata(object);
    const metadata = objectField(object, 'metadata');
    const annotated = { uid, ours: annotationsOfHallmark(metadata) };
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...{ name, uid, resourceVersion },
      finalizers: listField(metadata, 'finalizers').filter((finalizer) => typeof finalizer === 'string'),
      annotations: Object.keys(objectField(metadata, 'annotations')).filter((key) => isAnnotation(key, annotated)),
    };
  });
}

/** The annotations that a field manager of Hallmark wrote last. */
function annotationsOfHallmark(metadata: unknown): ReadonlySet<string> {
  const entries = listField(metadata, 'managedFields').filter((entry) =>
    /^hallmark(-|$)/.test(stringField(entry, 'manager') ?? ''),
  );
  const fields = entries.flatMap((entry) => {
    const annotations = objectField(objectField(objectField(entry, 'fieldsV1'), 'f:metadata'), 'f:annotations');
    return Object.keys(annotations);
  });
  return new Set(fields.filter((name) => name.startsWith('f:')).map((name) => name.slice('f:'.length)));
}
