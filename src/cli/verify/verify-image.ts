// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { payloadDigest } from '../../evidence/payload-digest.ts';
import type { EgressClient } from '../../net/egress-client.ts';
import type { TlsOptions } from '../../net/tls-options.ts';
import { matchingEntries } from '../../storage/oci/registry/credential-match.ts';
import { dockerConfigEntries } from '../../storage/oci/registry/docker-config.ts';
import { RegistryClient } from '../../storage/oci/registry/registry-client.ts';
import { RegistrySession } from '../../storage/oci/registry/registry-session.ts';
import { parseRepository, repositoryName } from '../../storage/oci/registry/repository.ts';
import type { Repository } from '../../storage/oci/registry/repository.ts';
import { StorageError } from '../../storage/storage-error.ts';
import { cosignEvidence } from './verify-cosign-layer.ts';
import { UncheckedError, UsageError } from './verify-error.ts';
import type { Evidence } from './verify-evidence.ts';
import { readText } from './verify-expectations.ts';
import type { Place } from './verify-referrers.ts';
import { bundleEvidence } from './verify-referrers.ts';

export interface ImageOptions {
  /** Where the evidence lies, if not beside the image. */
  readonly repository?: string;
  readonly registryCa?: string;
  readonly allowInsecureRegistry?: true;
}

/** What was found, and of which image. */
export interface ImageEvidence {
  /** The image by its digest: a tag can name another one a moment later. */
  readonly image: string;
  readonly items: readonly Evidence[];
}

/** Cosign's tags and the Sigstore bundles that refer to an image. @throws UsageError, UncheckedError */
export async function imageEvidence(
  reference: string,
  options: ImageOptions,
  egress: EgressClient,
  signal: AbortSignal,
): Promise<ImageEvidence> {
  try {
    const image = parseImage(reference);
    const own = await open(image.repository, options, egress);
    const digest = image.digest ?? (await resolve(own, image.tag, signal));
    const other = options.repository === undefined ? undefined : parseRepository(options.repository);
    if (options.repository !== undefined && other === undefined) {
      throw new UsageError(`"${options.repository}" is not a repository`);
    }
    const place = other === undefined ? own : await open(other, options, egress);
    const signatures = await cosignEvidence(place, digest, 'sig', signal);
    const attestations = await cosignEvidence(place, digest, 'att', signal);
    const bundles = await bundleEvidence(place, digest, signal);
    const subjects = [{ sha256: digest.slice('sha256:'.length) }];
    const items = [...signatures, ...attestations, ...bundles].map((item) => ({ ...item, subjects }));
    return { image: `${repositoryName(image.repository)}@${digest}`, items };
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

async function open(repository: Repository, options: ImageOptions, egress: EgressClient): Promise<Place> {
  const tls: TlsOptions = {
    ...(options.registryCa === undefined ? {} : { ca: await readText(options.registryCa) }),
    ...(options.allowInsecureRegistry === true ? { insecure: true } : {}),
  };
  const credentials = matchingEntries(await dockerConfig(), repository);
  const session = new RegistrySession({ egress, repository, tls, credentials, actions: 'pull' });
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
