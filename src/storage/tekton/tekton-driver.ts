// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { shortKey } from '../../evidence/short-key.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { storedChain } from '../documents/certificate-texts.ts';
import type { DriverContext } from '../driver-context.ts';
import type { Location, Probe, RunTarget, StorageDriver, StoredEvidence } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import {
  annotationBytes,
  certificateAnnotation,
  chainAnnotation,
  payloadAnnotation,
  runAnnotations,
  signatureAnnotation,
} from './run-annotations.ts';
import { annotationFailure } from './annotation-failure.ts';
import type { AnnotatedRun, RunAnnotator } from './run-annotator.ts';
import { parseRunLocation, runLocationUri } from './run-location.ts';

const FIELD_MANAGER = 'hallmark-storage';
/** Kubernetes' TotalAnnotationSizeLimitB. */
const ANNOTATION_LIMIT_BYTES = 256 * 1024;

/** Evidence as annotations on the run itself, as Tekton Chains' `tekton` storage writes them. */
export class TektonDriver implements StorageDriver {
  readonly #annotator: RunAnnotator;

  constructor(context: Pick<DriverContext, 'annotator'>) {
    this.#annotator = context.annotator;
  }

  /** The run is in the cluster that the operator watches: there is nothing of its own to reach. */
  probe(signal: AbortSignal): Promise<Probe> {
    return new Promise((resolve) => {
      signal.throwIfAborted();
      resolve({ ready: true });
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return shortKey(artifact, run);
  }

  /** One patch of four annotations, without reading the run first: the same values again change nothing. */
  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    signal.throwIfAborted();
    const annotations = runAnnotations(artifact, run);
    const size = annotationBytes(annotations);
    if (size > ANNOTATION_LIMIT_BYTES) throw tooLarge(run, size);
    const outcome = await this.#reach(run, signal, () =>
      this.#annotator.annotateRun(run, annotations, FIELD_MANAGER, signal),
    );
    if (outcome === 'Gone') throw deleted(run);
    return [{ uri: runLocationUri(run, shortKey(artifact, run)), digest: payloadDigest(artifact.payload) }];
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    signal.throwIfAborted();
    const parsed = parseRunLocation(location.uri);
    if (parsed === undefined) throw new StorageError('BackendRejected', `"${location.uri}" is not a place on a run`);
    const { run, key } = parsed;
    const annotations = await this.#reach(run, signal, () => this.#annotator.readAnnotations(run, signal));
    if (annotations === undefined) throw deleted(run);
    const payload = annotations[payloadAnnotation(key)];
    const signature = annotations[signatureAnnotation(key)];
    if (payload === undefined || signature === undefined) {
      throw new StorageError('BackendRejected', `${describe(run)} no longer carries the annotations of ${key}`);
    }
    const encoding = 'SignatureText';
    const chain = storedChain({
      certificate: decoded(annotations[certificateAnnotation(key)]),
      chain: decoded(annotations[chainAnnotation(key)]),
    });
    return { payload: Buffer.from(payload, 'base64'), signature: Buffer.from(signature, 'base64'), encoding, ...chain };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #reach<T>(run: AnnotatedRun, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      throw annotationFailure(error, describe(run));
    }
  }
}

function decoded(annotation = ''): string {
  return Buffer.from(annotation, 'base64').toString('utf8');
}

function describe(run: AnnotatedRun): string {
  return `${run.kind} ${run.namespace}/${run.name}`;
}

function deleted(run: AnnotatedRun): StorageError {
  return new StorageError(
    'RunDeleted',
    `${describe(run)} (${run.uid}) is gone, so its annotations cannot hold evidence`,
  );
}

function tooLarge(run: AnnotatedRun, size: number): StorageError {
  const message = `evidence of ${describe(run)} takes ${size} bytes of annotations and Kubernetes allows ${ANNOTATION_LIMIT_BYTES}; store it in an OCI backend instead`;
  return new StorageError('BackendRejected', message);
}
