// SPDX-License-Identifier: Apache-2.0
import type { EffectiveOCI } from '../../api/v1alpha1/storage-backend/defaults.ts';
import type { SignedArtifact } from '../../evidence/signed-artifact.ts';
import { isForbidden } from '../../kube/kube-error.ts';
import { describeBackend } from '../backend-definition.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { DriverContext } from '../driver-context.ts';
import type { Location, Probe, RunTarget, StorageDriver, StoredEvidence } from '../driver.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { StorageError } from '../storage-error.ts';
import { appendLayer } from './append-layer.ts';
import { cosignLayer, cosignTag } from './cosign-layer.ts';
import { matchingCredential } from './credential-match.ts';
import { imageTargets } from './image-target.ts';
import type { ImageTarget } from './image-target.ts';
import { ociLocation, parseOciLocation } from './oci-location.ts';
import { ociTls } from './oci-tls.ts';
import { imageMediaTypes, RegistryClient } from './registry-client.ts';
import { registryCredentials } from './registry-credentials.ts';
import { RegistrySession } from './registry-session.ts';
import { parseRepository, repositoryName } from './repository.ts';
import type { Repository } from './repository.ts';
import { storedLayer } from './stored-layer.ts';

/** Appends to one tag go one after the other in this process, whichever backend they come from. */
const tags = new KeyedLock();
/** A run's author names the registries, and can name many that answer slowly. */
const PUT_TIMEOUT_MS = 120_000;
const IMAGE_TYPES: readonly string[] = Object.values(imageMediaTypes);

type Connect = (repository: Repository, actions: 'pull' | 'pull,push') => RegistrySession;

/** Evidence in a registry, in cosign's `.sig` and `.att` tags as Tekton Chains lays them out. */
export class OciDriver implements StorageDriver {
  readonly #backend: BackendDefinition;
  readonly #oci: EffectiveOCI;
  readonly #context: Pick<DriverContext, 'door' | 'objects' | 'putTimeoutMs'>;

  constructor(
    backend: BackendDefinition,
    oci: EffectiveOCI,
    context: Pick<DriverContext, 'door' | 'objects' | 'putTimeoutMs'>,
  ) {
    this.#backend = backend;
    this.#oci = oci;
    this.#context = context;
  }

  /** Reads what the backend refers to, and asks its registry if it names one; the images' registries show with each run. */
  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const connect = await this.#connector(undefined, signal);
      const repository = this.#override();
      if (repository !== undefined) {
        const credentialed = this.#oci.authentication.type !== 'RunServiceAccount';
        await connect(repository, 'pull,push').ping(credentialed, signal);
      }
      return { ready: true };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StorageError) return { ready: false, reason: error.reason, message: error.message };
      throw error;
    }
  }

  /**
   * One layer in the tag of each image among the subjects. An image that fails does not keep the evidence from the others;
   * the first failure is thrown at the end.
   */
  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const targets = imageTargets(artifact);
    if (targets.length === 0) throw noSubjects(artifact, run);
    const deadline = AbortSignal.timeout(this.#context.putTimeoutMs ?? PUT_TIMEOUT_MS);
    try {
      return await this.#attachAll(artifact, targets, run, AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StorageError || !deadline.aborted) throw error;
      const message = `storing "${artifact.name}" took too long; what is left is tried again`;
      throw new StorageError('BackendUnavailable', message, { cause: error });
    }
  }

  async get(location: Location, signal: AbortSignal, run?: RunTarget): Promise<StoredEvidence> {
    const parsed = parseOciLocation(location);
    if (parsed === undefined)
      throw new StorageError('BackendRejected', `"${location.uri}" is not a place in a registry`);
    const connect = await this.#connector(run, signal);
    return storedLayer(new RegistryClient(connect(parsed.repository, 'pull'), parsed.repository), parsed, signal);
  }

  /** Connections belong to the process's door, which outlives its drivers. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  async #attachAll(
    artifact: SignedArtifact,
    targets: readonly ImageTarget[],
    run: RunTarget,
    signal: AbortSignal,
  ): Promise<readonly Location[]> {
    const connect = await this.#connector(run, signal);
    const locations: Location[] = [];
    const failures = new Map<string, StorageError>();
    for (const target of targets) {
      const { registry } = this.#override() ?? target.repository;
      // A registry that does not answer would make each of its images wait in vain.
      if (failures.get(registry)?.reason === 'BackendUnavailable') continue;
      try {
        locations.push(await this.#attach(artifact, target, connect, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StorageError)) throw error;
        failures.set(registry, error);
      }
    }
    const [failure] = failures.values();
    if (failure !== undefined) throw failure;
    return locations;
  }

  async #attach(
    artifact: SignedArtifact,
    image: ImageTarget,
    connect: Connect,
    signal: AbortSignal,
  ): Promise<Location> {
    const override = this.#override();
    const repository = override ?? image.repository;
    const client = new RegistryClient(connect(repository, 'pull,push'), repository);
    if (override === undefined) await requireImage(client, image, signal);
    const layer = cosignLayer(artifact);
    const tag = cosignTag(image.digest, artifact);
    const name = `${repositoryName(repository)}:${tag}`;
    await tags.run(name, signal, () => appendLayer(client, { tag, name }, layer, signal));
    return ociLocation(repository, tag, layer.descriptor);
  }

  #override(): Repository | undefined {
    const { repository } = this.#oci;
    if (repository === undefined) return undefined;
    const parsed = parseRepository(repository);
    if (parsed !== undefined) return parsed;
    throw new StorageError('BackendRejected', `oci.repository "${repository}" is not a repository on a registry`);
  }

  async #connector(run: RunTarget | undefined, signal: AbortSignal): Promise<Connect> {
    const { objects, door } = this.#context;
    const { authentication } = this.#oci;
    signal.throwIfAborted();
    try {
      const tls = await ociTls(this.#backend, this.#oci.tls, objects, signal);
      const entries = await registryCredentials({ backend: this.#backend, authentication, objects }, run, signal);
      return (repository, actions) =>
        new RegistrySession({ door, repository, tls, credential: matchingCredential(entries, repository), actions });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof StorageError) throw error;
      const said = error instanceof Error ? error.message : 'unknown failure';
      const message = `reading what ${describeBackend(this.#backend)} refers to: ${said}`;
      if (!isForbidden(error)) throw new StorageError('BackendUnavailable', message, { cause: error });
      throw new StorageError('BackendUnauthorized', `${message}; grant the operator's ServiceAccount get on it`, {
        cause: error,
      });
    }
  }
}

function noSubjects(artifact: SignedArtifact, run: RunTarget): StorageError {
  const message = `"${artifact.name}" of ${run.kind} ${run.namespace}/${run.name} names no image, so a registry has no place for it; let the run write IMAGE_URL and IMAGE_DIGEST results`;
  return new StorageError('NoSubjects', message);
}

async function requireImage(client: RegistryClient, image: ImageTarget, signal: AbortSignal): Promise<void> {
  const type = await client.headManifest(image.digest, signal);
  const name = `${repositoryName(image.repository)}@${image.digest}`;
  if (type === undefined) {
    throw new StorageError('BackendRejected', `image ${name} does not exist; push it before the run ends`);
  }
  if (!IMAGE_TYPES.includes(type))
    throw new StorageError('BackendRejected', `${name} is no image: its media type is "${type}"`);
}
