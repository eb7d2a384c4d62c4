// SPDX-License-Identifier: Apache-2.0
import type { SignedArtifact, Subject } from '../../evidence/artifact.ts';
import { imageOfSubject } from '../../tekton/images/image-name.ts';
import { parseRepository, repositoryName } from './registry/repository.ts';
import type { Repository } from './registry/repository.ts';

/** An image that evidence is attached to. */
export interface ImageTarget {
  readonly repository: Repository;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

/** The images among an artifact's subjects, each once. Subjects that are not images have no place in a registry. */
export function imageTargets(artifact: Pick<SignedArtifact, 'subjects'>): readonly ImageTarget[] {
  const targets = artifact.subjects.map(imageTarget).filter((target) => target !== undefined);
  return [
    ...new Map(targets.map((target) => [`${repositoryName(target.repository)}@${target.digest}`, target])).values(),
  ];
}

function imageTarget(subject: Subject): ImageTarget | undefined {
  const sha256 = subject.digest['sha256'];
  if (sha256 === undefined || !/^[a-f0-9]{64}$/.test(sha256)) return undefined;
  const image = imageOfSubject(subject.name, sha256);
  const repository = image === undefined ? undefined : parseRepository(image.repository);
  return repository === undefined ? undefined : { repository, digest: `sha256:${sha256}` };
}
