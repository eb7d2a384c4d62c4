// SPDX-License-Identifier: Apache-2.0
import { runProbe } from '../run-probe.ts';
import type { EffectiveOCI } from '../../api/v1alpha1/storage-backend/defaults.ts';
import type { SignedArtifact } from '../../evidence/artifact.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import type { DriverContext, Probe, StorageDriver } from '../driver.ts';
import { collectLocations } from '../collect-locations.ts';
import { StorageError } from '../storage-error.ts';
import { withinDeadline } from '../http/within-deadline.ts';
import { imageTargets } from './image-target.ts';
import type { ImageTarget } from './image-target.ts';
import { parseOciLocation } from './oci-location.ts';
import { RegistryAccess } from './registry/registry-access.ts';
import type { Registries } from './registry/registry-access.ts';
import { parseRepository } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';
import { storeBundle } from './referrers/store-bundle.ts';
import { storeLayer } from './cosign-tags/store-layer.ts';
import { storedBundle } from './referrers/stored-bundle.ts';
import { storedLayer } from './cosign-tags/stored-layer.ts';
import type { RunTarget } from '../run-target.ts';
import type { Location, StoredEvidence } from '../stored-evidence.ts';

/** Bounds a put: a run's author names the registries, and can name many slow ones. */
const PUT_TIMEOUT_MS = 120_000;

/** The images of one artifact, and the locations written so far. */
interface Attachment {
  readonly targets: readonly ImageTarget[];
  readonly run: RunTarget;
  readonly locations: Location[];
}

/** Evidence in a registry, in the layout of Tekton Chains: cosign's `.sig` and `.att` tags, or bundles that refer to the image. */
export class OciDriver implements StorageDriver {
  readonly #oci: EffectiveOCI;
  readonly #putTimeoutMs: number;
  readonly #access: RegistryAccess;

  constructor(backend: BackendDefinition, oci: EffectiveOCI, context: DriverContext) {
    this.#oci = oci;
    this.#putTimeoutMs = context.putTimeoutMs ?? PUT_TIMEOUT_MS;
    this.#access = new RegistryAccess(backend, oci, context);
  }

  /** Read the backend's references and call its registry, if it names one. The images' registries are unknown until a run names them. */
  probe(signal: AbortSignal): Promise<Probe> {
    return runProbe(signal, async () => {
      const registries = await this.#access.open(undefined, signal, { isProbe: true });
      const repository = this.#override();
      if (repository !== undefined) {
        const credentialed = this.#oci.authentication.type !== 'RunServiceAccount';
        await (await registries.session(repository, 'pull,push')).ping(credentialed, signal);
      }
    });
  }

  /** True unless the backend has a repository of its own: runs can name any number of registries. */
  get hasManyServers(): boolean {
    return this.#oci.repository === undefined;
  }

  /**
   * Attach the artifact to each image among its subjects. A failure for one image does not stop the others; the first failure is thrown
   * at the end, with the locations that were written.
   */
  async put(artifact: SignedArtifact, run: RunTarget, signal: AbortSignal): Promise<readonly Location[]> {
    const targets = imageTargets(artifact);
    if (targets.length === 0) throw noSubjects(artifact, run);
    const deadline = { signal, timeoutMs: this.#putTimeoutMs, doing: `storing "${artifact.name}"` };
    return collectLocations((locations) =>
      withinDeadline(deadline, (inTime) => this.#attachAll(artifact, { targets, run, locations }, inTime)),
    );
  }

  async get(location: Location, signal: AbortSignal, run?: RunTarget): Promise<StoredEvidence> {
    const parsed = parseOciLocation(location);
    if (parsed === undefined)
      throw new StorageError('BackendRejected', `"${location.uri}" is not a location in a registry`);
    const client = await (await this.#access.open(run, signal)).client(parsed.repository, 'pull');
    return 'tag' in parsed ? storedLayer(client, parsed, signal) : storedBundle(client, parsed, signal);
  }

  /** Forget tokens, and all else that was learnt about registries. */
  close(): Promise<void> {
    this.#access.close();
    return Promise.resolve();
  }

  async #attachAll(
    artifact: SignedArtifact,
    { targets, run, locations }: Attachment,
    signal: AbortSignal,
  ): Promise<void> {
    const registries = await this.#access.open(run, signal);
    const failures: { readonly registry: string; readonly error: StorageError }[] = [];
    for (const target of targets) {
      const { registry } = this.#override() ?? target.repository;
      // Don't wait again for a registry that did not respond.
      const isSilent = failures.some((of) => of.registry === registry && of.error.reason === 'BackendUnavailable');
      if (isSilent) continue;
      try {
        locations.push(await this.#attach(artifact, target, { run, registries }, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof StorageError)) throw error;
        failures.push({ registry, error });
      }
    }
    const [first] = failures.filter(({ error }) => error.reason !== 'NoSubjects');
    if (first !== undefined) throw first.error;
    // Ignore subjects without a place if another one was stored.
    const [passedOver] = failures;
    if (passedOver !== undefined && locations.length === 0) throw passedOver.error;
  }

  #attach(
    artifact: SignedArtifact,
    image: ImageTarget,
    { run, registries }: { readonly run: RunTarget; readonly registries: Registries },
    signal: AbortSignal,
  ): Promise<Location> {
    const place = { image, override: this.#override(), registries };
    return this.#oci.encoding === 'CosignTags'
      ? storeLayer(artifact, place, signal)
      : storeBundle({ artifact, run }, place, signal);
  }

  #override(): Repository | undefined {
    const { repository } = this.#oci;
    if (repository === undefined) return undefined;
    const parsed = parseRepository(repository);
    if (parsed !== undefined) return parsed;
    throw new StorageError('BackendRejected', `oci.repository "${repository}" is not a repository on a registry`);
  }
}

function noSubjects(artifact: SignedArtifact, run: RunTarget): StorageError {
  const message = `"${artifact.name}" of ${run.kind} ${run.namespace}/${run.name} names no image, so a registry cannot hold it; have the task emit IMAGE_URL and IMAGE_DIGEST results`;
  return new StorageError('NoSubjects', message);
}
