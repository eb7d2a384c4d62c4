// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerCredentials } from '../../src/cli/registry/docker-credentials.ts';
import { field, listField, stringField, stringMapField } from '../../src/json/fields.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { attachReferrer } from '../../src/storage/oci/referrers/store-bundle.ts';
import { type NewManifest, RegistryClient } from '../../src/storage/oci/registry/registry-client.ts';
import { RegistrySession } from '../../src/storage/oci/registry/registry-session.ts';
import { parseRepository } from '../../src/storage/oci/registry/repository.ts';
import { type Descriptor, mediaTypes, readBlob, tagOf } from './layout.ts';

const never = new AbortController().signal;

/** Pushes what a layout lists to a repository, with the logins of the user's docker configuration: each manifest before what refers to it. */
export async function pushLayout(folder: string, name: string): Promise<void> {
  const repository = parseRepository(name);
  if (repository === undefined) throw new Error(`"${name}" is not a repository`);
  const egress = new EgressClient({ allow: ['0.0.0.0/0', '::/0'] });
  const credentials = await dockerCredentials(repository);
  const session = new RegistrySession({ egress, repository, tls: {}, credentials, actions: 'pull,push' });
  const client = new RegistryClient(session, repository);
  const index: unknown = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  for (const listed of listField(index, 'manifests').map(descriptorOf)) await pushManifest(client, folder, listed);
}

async function pushManifest(client: RegistryClient, folder: string, descriptor: Descriptor): Promise<void> {
  const bytes = await readBlob(folder, descriptor.digest);
  const content: unknown = JSON.parse(bytes.toString('utf8'));
  const parts = listField(content, 'manifests').map(descriptorOf);
  for (const part of parts) await pushManifest(client, folder, part);
  const named = parts.length > 0 ? [] : [field(content, 'config'), ...listField(content, 'layers')].map(descriptorOf);
  const blobs = [];
  for (const { digest } of named)
    blobs.push({ bytes: await readBlob(folder, digest), isHeld: await client.hasBlob(digest, never) });
  const manifest = { bytes, mediaType: descriptor.mediaType, blobs };
  const subject = stringField(field(content, 'subject'), 'digest');
  if (subject === undefined) await client.putManifest(tagOf(descriptor) ?? descriptor.digest, manifest, {}, never);
  else await refer(client, { subject, descriptor, manifest });
}

interface Reference {
  readonly subject: string;
  readonly descriptor: Descriptor;
  readonly manifest: NewManifest;
}

function refer(client: RegistryClient, { subject, descriptor, manifest }: Reference): Promise<void> {
  const { artifactType = '', annotations = {} } = descriptor;
  return attachReferrer(client, subject, { descriptor: { ...descriptor, artifactType, annotations }, manifest }, never);
}

function descriptorOf(value: unknown): Descriptor {
  const artifactType = stringField(value, 'artifactType');
  return {
    mediaType: stringField(value, 'mediaType') ?? mediaTypes.manifest,
    digest: stringField(value, 'digest') ?? '',
    size: Number(field(value, 'size')),
    annotations: stringMapField(value, 'annotations'),
    ...(artifactType === undefined ? {} : { artifactType }),
  };
}
