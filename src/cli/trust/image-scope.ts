// SPDX-License-Identifier: Apache-2.0
import { globsCover } from '../../pipelines/selection/glob.ts';
import { UsageError } from '../cli-error.ts';

/** Limits of the images that an admission controller judges by a policy. */
export interface ImageLimits {
  /** Names the policy in messages. */
  readonly description: string;
  /** Repositories that the policy may sign for. */
  readonly allowedRepositories: readonly string[];
  /** Repositories that `--images` names. */
  readonly images: readonly string[];
}

/**
 * Selects the repositories whose images an admission controller judges by a policy. Without any, it would refuse the images of
 * everybody else.
 * @throws UsageError
 */
export function imageScope({ description, allowedRepositories, images }: ImageLimits): readonly string[] {
  const allowed = allowedRepositories.some(isEverything) ? [] : allowedRepositories;
  for (const image of images) {
    if (isEverything(image)) throw new UsageError(`--images "${image}" would judge the images of everybody`);
    if (hasTag(image)) throw new UsageError(`--images takes repositories, without tag or digest: "${image}"`);
    if (allowed.length > 0 && !globsCover(allowed, image))
      throw new UsageError(
        `--images "${image}" is outside spec.subjects.allowedRepositories of ${description}: ${allowed.join(', ')}`,
      );
  }
  const scope = images.length > 0 ? images : allowed;
  if (scope.length > 0) return scope;
  throw new UsageError(
    `${description} may sign images of any repository, so this would refuse the images of everybody else: ` +
      'set spec.subjects.allowedRepositories, or name repositories with --images',
  );
}

/** True for a glob without anything but stars and slashes. */
function isEverything(glob: string): boolean {
  return /^[*/]*$/.test(glob);
}

function hasTag(image: string): boolean {
  return image.includes('@') || image.slice(image.lastIndexOf('/') + 1).includes(':');
}
