// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { UncheckedError } from '../cli-error.ts';
import { readText } from '../read-text.ts';

/**
 * Fetches the trusted root of Sigstore's public-good instance with Sigstore's own TUF client. As for cosign, `$TUF_MIRROR` names another
 * mirror and `$TUF_ROOT_JSON` the file with its initial root. @throws UncheckedError
 */
export async function sigstoreRoot(cacheDirectory: string): Promise<TrustedRoot> {
  const { TUF_MIRROR: mirrorURL, TUF_ROOT_JSON: rootPath } = process.env;
  // The client keeps the first root that a folder was made with, so each initial root has a folder of its own.
  const folder = rootPath === undefined ? 'sigstore' : sha256(await readText(rootPath));
  const [{ getTrustedRoot }, { TUFError }] = await Promise.all([import('@sigstore/tuf'), import('sigstore')]);
  try {
    return await getTrustedRoot({
      cachePath: join(cacheDirectory, folder),
      ...(mirrorURL === undefined ? {} : { mirrorURL }),
      ...(rootPath === undefined ? {} : { rootPath }),
    });
  } catch (error) {
    const mirror = mirrorURL ?? "Sigstore's public-good instance";
    const reason = error instanceof TUFError ? error.message : 'its metadata cannot be read';
    const message = `no trusted root from ${mirror}: ${reason}; pass one with --trusted-root`;
    throw new UncheckedError(message, { cause: error });
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
