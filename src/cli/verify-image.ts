// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { field, listField } from '../api/v1alpha1/field.ts';
import { BUNDLE_MEDIA_TYPE } from '../evidence/sigstore-bundle.ts';
import { payloadDigest } from '../evidence/payload-digest.ts';
import type { OutboundDoor } from '../net/outbound-door.ts';
import type { TlsOptions } from '../net/tls-options.ts';
import { matchingCredential } from '../storage/oci/credential-match.ts';
import { dockerConfigEntries } from '../storage/oci/docker-config.ts';
import { RegistryClient } from '../storage/oci/registry-client.ts';
import { RegistrySession } from '../storage/oci/registry-session.ts';
import { parseRepository, repositoryName } from '../storage/oci/repository.ts';
import type { Repository } from '../storage/oci/repository.ts';
import { StorageError } from '../storage/storage-error.ts';
import { bundleMaterial } from '../verify/bundle-material.ts';
import { cosignEvidence } from './verify-cosign-layer.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import type { Evidence } from './verify-evidence.ts';
import { evidence } from './verify-evidence.ts';
import { readText } from './verify-expectations.ts';

export interface ImageOptions {
  /** Where the evidence lies, if not beside the image. */
  readonly repository?: string;
  readonly registryCa?: string;
  readonly allowInsecureRegistry?: true;
}

/** What was found, and of which image. */
export interface ImageEvidence {
  /** `sha256:` and hex, of the image. */
  readonly digest: string;
  readonly items: readonly Evidence[];
}

interface Place {
  readonly client: RegistryClient;
  readonly session: RegistrySession;
  readonly repository: Repository;
}

const MAX_REFERRERS = 200;
const MAX_INDEX_BYTES = 4 * 1024 * 1024;

/** Cosign's tags and the Sigstore bundles that refer to an image. @throws UsageError, UncheckedError */
export async function imageEvidence(
  reference: string,
  options: ImageOptions,
  door: OutboundDoor,
  signal: AbortSignal,
): Promise<ImageEvidence> {
  try {
    const image = parseImage(reference);
    const own = await open(image.repository, options, door);
    const digest = image.digest ?? (await resolve(own, image.tag, signal));
    const other = options.repository === undefined ? undefined : parseRepository(options.repository);
    if (options.repository !== undefined && other === undefined) {
      throw new UsageError(`"${options.repository}" is not a repository`);
    }
    const place = other === undefined ? own : await open(other, options, door);
    const signatures = await cosignEvidence(place, digest, 'sig', signal);
    const attestations = await cosignEvidence(place, digest, 'att', signal);
    const bundles = await bundleEvidence(place, digest, signal);
    return { digest, items: [...signatures, ...attestations, ...bundles] };
  } catch (error) {
    if (error instanceof StorageError) throw new UncheckedError(error.message, { cause: error });
    throw error;
  }
}

interface Image {
  readonly repository: Repository;
  readonly tag: string;
  readonly digest: string | undefined;
}

function parseImage(reference: string): Image {
  const [rest = '', digest, ...more] = reference.split('@');
  const [, name = rest, tag = 'latest'] = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(rest) ?? [];
  const repository = parseRepository(name);
  const isDigest = digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest);
  if (repository === undefined || !isDigest || more.length > 0) throw new UsageError(`"${reference}" is not an image`);
  return { repository, tag, digest };
}

async function open(repository: Repository, options: ImageOptions, door: OutboundDoor): Promise<Place> {
  const tls: TlsOptions = {
    ...(options.registryCa === undefined ? {} : { ca: await readText(options.registryCa) }),
    ...(options.allowInsecureRegistry === true ? { insecure: true } : {}),
  };
  const credential = matchingCredential(await dockerConfig(), repository);
  const session = new RegistrySession({ door, repository, tls, credential, actions: 'pull' });
  return { client: new RegistryClient(session, repository), session, repository };
}

/** Logins of the user; credential helpers are not asked. */
async function dockerConfig(): Promise<NonNullable<ReturnType<typeof dockerConfigEntries>>> {
  const directory = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const bytes = await readFile(join(directory, 'config.json')).catch(() => undefined);
  return bytes === undefined ? [] : (dockerConfigEntries({ '.dockerconfigjson': bytes }) ?? []);
}

async function resolve({ client, repository }: Place, tag: string, signal: AbortSignal): Promise<string> {
  const manifest = await client.getManifest(tag, signal);
  if (manifest !== undefined) return payloadDigest(manifest.bytes);
  throw new UncheckedError(`there is no image ${repositoryName(repository)}:${tag}`);
}

async function bundleEvidence(place: Place, digest: string, signal: AbortSignal): Promise<readonly Evidence[]> {
  const name = repositoryName(place.repository);
  const found: Evidence[] = [];
  for (const manifestDigest of await bundleManifests(place, digest, signal)) {
    const manifest = await place.client.getManifest(manifestDigest, signal);
    const layers = manifest === undefined ? [] : listField(json(manifest.bytes), 'layers');
    for (const layer of layers) {
      const blob = field(layer, 'digest');
      if (field(layer, 'mediaType') !== BUNDLE_MEDIA_TYPE || typeof blob !== 'string') continue;
      const bytes = await place.client.getBlob(blob, signal);
      found.push(evidence(`bundle ${name}@${manifestDigest}`, () => bundleMaterial(bytes.toString('utf8'))));
    }
  }
  return found;
}

/** From the referrers API, or where a registry has none from the tag that stands in for it (OCI distribution 1.1). */
async function bundleManifests(
  { session, client, repository }: Place,
  digest: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const doing = `listing what refers to ${repositoryName(repository)}@${digest}`;
  const target = `/v2/${repository.path}/referrers/${digest}`;
  const response = await session.request({ method: 'GET', target, doing, maxResponseBytes: MAX_INDEX_BYTES }, signal);
  const bytes =
    response.status === 200 ? response.body : (await client.getManifest(digest.replace(':', '-'), signal))?.bytes;
  const manifests = bytes === undefined ? [] : listField(json(bytes), 'manifests');
  // Not every registry tells the artifact type in its list: whether it is a bundle shows in the manifest.
  if (manifests.length > MAX_REFERRERS) throw new UncheckedError(`${doing}: there are more than ${MAX_REFERRERS}`);
  return manifests.map((manifest) => field(manifest, 'digest')).filter((value) => typeof value === 'string');
}

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UncheckedError('the registry answers with something that is not JSON', { cause: error });
  }
}
