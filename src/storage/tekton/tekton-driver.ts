// SPDX-License-Identifier: Apache-2.0
import { isForbidden, isUnavailable, KubeError } from '../../kube/kube-error.ts';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import { shortKey } from '../../evidence/short-key.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import { storedChain } from '../documents/certificate-texts.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { StorageError } from '../storage-error.ts';
import {
  annotationBytes,
  certificateAnnotation,
  chainAnnotation,
  payloadAnnotation,
  runAnnotations,
  signatureAnnotation,
} from './run-annotations.ts';
import type { AnnotatedRun, RunAnnotator } from './run-annotator.ts';
import type { RunTarget } from '../run-target.ts';
import { WrittenAnnotations } from './written-annotations.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

const KINDS = { taskruns: 'TaskRun', pipelineruns: 'PipelineRun' } as const;
const URI = /^tekton:\/\/([a-z0-9-]{1,63})\/(taskruns|pipelineruns)\/([a-z0-9.-]{1,253})\/([^/#?]{1,64})#([^#]{1,80})$/;
const REMEDIES = {
  BackendUnauthorized: '; let the operator get and patch taskruns and pipelineruns of tekton.dev',
  BackendRejected: "; if the run's annotations pass 256 KiB in total, store the evidence in an OCI backend",
  BackendUnavailable: '',
} as const;
const FIELD_MANAGER = 'hallmark-storage';
/** Kubernetes' TotalAnnotationSizeLimitB. */
const ANNOTATION_LIMIT_BYTES = 256 * 1024;

/** The annotations of one artifact, on its run. */
interface RunPlace {
  readonly run: AnnotatedRun;
  readonly key: string;
}

/** The annotations of a run, or the reason why they cannot be read. */
type RunAnnotations = Readonly<Record<string, string>> | StorageError;

/** Evidence as annotations on the run itself, as Tekton Chains' `tekton` storage writes them. */
export class TektonDriver implements StorageDriver {
  readonly #annotator: RunAnnotator;
  readonly #written: WrittenAnnotations;

  constructor({ annotator, clock }: Pick<DriverContext, 'annotator' | 'clock'>) {
    this.#annotator = annotator;
    this.#written = new WrittenAnnotations(clock);
  }

  /** Always ready: the runs are in the operator's own cluster. */
  probe(signal: AbortSignal): Promise<Probe> {
    return new Promise((resolve) => {
      signal.throwIfAborted();
      resolve({ ready: true });
    });
  }

  nameOf(artifact: SignedArtifact, run: RunTarget): string {
    return shortKey(artifact, run);
  }

  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    return (await this.putAll([artifact], run, signal)).flat();
  }

  /** Patch four annotations an artifact without reading the run first: the same values again change nothing. */
  async putAll(
    artifacts: readonly SignedArtifact[],
    run: RunTarget,
    signal: AbortSignal,
  ): Promise<readonly (readonly Location[])[]> {
    signal.throwIfAborted();
    const annotations = Object.fromEntries(
      artifacts.flatMap((artifact) => Object.entries(runAnnotations(artifact, run))),
    );
    const size = annotationBytes(annotations);
    if (size > ANNOTATION_LIMIT_BYTES) throw tooLarge(run, size);
    this.#written.take(run.uid);
    const stored = await this.#reach(run, signal, () =>
      this.#annotator.annotateRun(run, annotations, FIELD_MANAGER, signal),
    );
    if (stored === undefined) throw deleted(run);
    this.#written.keep(run.uid, stored);
    return artifacts.map((artifact) => [
      { uri: runLocationUri(run, shortKey(artifact, run)), digest: payloadDigest(artifact.payload) },
    ]);
  }

  async get(location: Location, signal: AbortSignal): Promise<StoredEvidence> {
    const [found] = await this.getAll([location], signal);
    if (found === undefined || found instanceof StorageError) throw found ?? unknownPlace(location);
    return found;
  }

  /** Read each run once, whatever number of its locations is asked for; right after a write, from the answer to it. */
  async getAll(
    locations: readonly Location[],
    signal: AbortSignal,
  ): Promise<readonly (StoredEvidence | StorageError)[]> {
    signal.throwIfAborted();
    const reads = new Map<string, Promise<RunAnnotations>>();
    const read = ({ run }: RunPlace): Promise<RunAnnotations> => {
      const known = reads.get(run.uid) ?? this.#read(run, signal);
      reads.set(run.uid, known);
      return known;
    };
    const found = await Promise.all(
      locations.map(async (location) => {
        const place = parseRunLocation(location.uri);
        if (place === undefined) return unknownPlace(location);
        return evidenceAt(place, await read(place));
      }),
    );
    signal.throwIfAborted();
    return found;
  }

  /** @returns the failure where the run cannot be read. Rejects only on abort */
  async #read(run: AnnotatedRun, signal: AbortSignal): Promise<RunAnnotations> {
    const written = this.#written.take(run.uid);
    if (written !== undefined) return written;
    try {
      const annotations = await this.#reach(run, signal, () => this.#annotator.readAnnotations(run, signal));
      return annotations ?? deleted(run);
    } catch (error) {
      if (error instanceof StorageError) return error;
      throw error;
    }
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

function evidenceAt({ run, key }: RunPlace, annotations: RunAnnotations): StoredEvidence | StorageError {
  if (annotations instanceof StorageError) return annotations;
  const payload = annotations[payloadAnnotation(key)];
  const signature = annotations[signatureAnnotation(key)];
  if (payload === undefined || signature === undefined) {
    return new StorageError('BackendRejected', `${describe(run)} no longer carries the annotations of ${key}`);
  }
  const chain = storedChain({
    certificate: decoded(annotations[certificateAnnotation(key)]),
    chain: decoded(annotations[chainAnnotation(key)]),
  });
  const encoding = 'SignatureText';
  return { payload: Buffer.from(payload, 'base64'), signature: Buffer.from(signature, 'base64'), encoding, ...chain };
}

function decoded(annotation = ''): string {
  return Buffer.from(annotation, 'base64').toString('utf8');
}

function describe(run: AnnotatedRun): string {
  return `${run.kind} ${run.namespace}/${run.name}`;
}

function unknownPlace({ uri }: Location): StorageError {
  return new StorageError('BackendRejected', `"${uri}" is not a place on a run`);
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

/** `tekton://<namespace>/<taskruns|pipelineruns>/<name>/<uid>#<ShortKey>`: one artifact in the annotations of one run. */
function runLocationUri(run: RunTarget, key: string): string {
  return `tekton://${run.namespace}/${run.kind.toLowerCase()}s/${run.name}/${run.uid}#${key}`;
}

function parseRunLocation(uri: string): RunPlace | undefined {
  const [, namespace, plural, name, uid, key] = URI.exec(uri) ?? [];
  if (namespace === undefined || name === undefined || uid === undefined || key === undefined) return undefined;
  const kind = KINDS[plural === 'taskruns' ? 'taskruns' : 'pipelineruns'];
  return { run: { apiVersion: 'tekton.dev/v1', kind, namespace, name, uid }, key };
}

/** Translate the API server's refusal of an annotation. `run` names the run in messages. */
function annotationFailure(error: unknown, run: string): StorageError {
  if (error instanceof StorageError) return error;
  const reason = reasonOf(error);
  const text = error instanceof Error ? error.message : 'unknown failure';
  const retryAfterSeconds = error instanceof KubeError ? error.retryAfterSeconds : undefined;
  return new StorageError(reason, `annotating ${run}: ${text}${REMEDIES[reason]}`, { cause: error, retryAfterSeconds });
}

function reasonOf(error: unknown): keyof typeof REMEDIES {
  if (isForbidden(error)) return 'BackendUnauthorized';
  // A conflict with another write is gone at the next attempt.
  if (!(error instanceof KubeError) || error.status === 409 || isUnavailable(error)) return 'BackendUnavailable';
  return 'BackendRejected';
}
