// SPDX-License-Identifier: Apache-2.0
import { payloadDigest } from '../../../evidence/payload-digest.ts';
import type { EgressResponse } from '../../../net/egress-client.ts';
import { hasBlob, type RepositorySession, uploadBlob } from './blob-upload.ts';
import type { RegistryRequest } from './registry-transport.ts';

/** A blob that a manifest names. */
export interface ManifestBlob {
  readonly bytes: Buffer;
  /** True if the repository has just been seen to hold it. */
  readonly isHeld?: boolean;
  /** True if all manifests of a kind name it, so that the repository lacks it but once. */
  readonly isShared?: boolean;
}

/** Upload the blobs that the repository is not known to hold, and then write their manifest. @returns any answer to `request` but 401 */
export async function writeManifest(
  place: RepositorySession,
  request: RegistryRequest,
  blobs: readonly ManifestBlob[],
  signal: AbortSignal,
): Promise<EgressResponse> {
  const { session } = place;
  for (const blob of blobs) if (!(await isHeld(place, blob, signal))) await uploadBlob(place, blob.bytes, signal);
  let response = await session.request(request, signal);
  if (lacksBlob(response)) {
    // A blob has been removed, or the registry's answer to an upload was wrong.
    session.memory.sharedBlobs.clear();
    session.memory.takesSinglePost = false;
    for (const { bytes } of blobs) await uploadBlob(place, bytes, signal);
    response = await session.request(request, signal);
  }
  // The manifest now keeps its blobs from being removed.
  if (response.status === 201) for (const digest of sharedDigests(blobs)) session.memory.sharedBlobs.add(digest);
  return response;
}

async function isHeld(place: RepositorySession, blob: ManifestBlob, signal: AbortSignal): Promise<boolean> {
  if (blob.isHeld === true || blob.isShared !== true) return blob.isHeld === true;
  const { sharedBlobs, takesSinglePost } = place.session.memory;
  const digest = payloadDigest(blob.bytes);
  // Asking first saves nothing where an upload takes one request.
  return sharedBlobs.has(digest) || (takesSinglePost === false && (await hasBlob(place, digest, signal)));
}

/** True if a registry refuses a manifest because the repository lacks one of its blobs. */
function lacksBlob({ status, body }: EgressResponse): boolean {
  return status >= 400 && status < 500 && /"(MANIFEST_)?BLOB_UNKNOWN"/.test(body.subarray(0, 4096).toString('utf8'));
}

function sharedDigests(blobs: readonly ManifestBlob[]): readonly string[] {
  return blobs.filter(({ isShared }) => isShared === true).map(({ bytes }) => payloadDigest(bytes));
}
