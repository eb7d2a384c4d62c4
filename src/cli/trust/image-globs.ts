// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../cli-error.ts';

/** Docker Hub as pods and image names write it. Pods may also leave it out. */
const dockerHub = /^(?:index\.)?docker\.io\//;

/**
 * Globs for Kyverno that match the images of a repository glob of Hallmark: without tag, with a tag and with a digest. Kyverno compares
 * an image as the pod writes it, so a repository of Docker Hub has all its spellings.
 * @throws UsageError
 */
export function kyvernoGlobs(glob: string): readonly string[] {
  return spellings(glob).flatMap((spelling) => {
    const escaped = spelling.replaceAll(/[?[\]{}\\]/g, String.raw`\$&`);
    return spelling.endsWith('*') ? [escaped] : [escaped, `${escaped}:*`, `${escaped}@*`];
  });
}

/**
 * Globs for policy-controller that match the images of a repository glob of Hallmark. It compares whole names, with a tag or a digest; its
 * `*` stops at a slash, and `**` does not.
 * @throws UsageError
 */
export function policyControllerGlobs(glob: string): readonly string[] {
  if (!/^[\w\-:/*.@]+$/.test(glob))
    throw new UsageError(`policy-controller cannot match "${glob}": it takes letters, digits and -_:/*.@ in a glob`);
  const whole = glob.replace(dockerHub, 'index.docker.io/').replaceAll(/\*+/g, '**');
  return whole.endsWith('**') ? [whole] : [`${whole}:**`, `${whole}@**`];
}

function spellings(glob: string): readonly string[] {
  if (!dockerHub.test(glob)) return [glob];
  const path = glob.replace(dockerHub, '');
  const [owner = '', ...rest] = path.split('/');
  // Pods may leave out the owner of library/app, too.
  const first = owner === 'library' ? rest.join('/') : owner;
  if (first.includes('*')) {
    throw new UsageError(
      `Kyverno compares images as pods write them, without docker.io: "${glob}" would match images of other registries; ` +
        'write the owner without a star (docker.io/OWNER/*)',
    );
  }
  const short = owner === 'library' ? [first] : [];
  return [`docker.io/${path}`, `index.docker.io/${path}`, path, ...short];
}
