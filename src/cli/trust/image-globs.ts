// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../cli-error.ts';

/** Docker Hub as pods and image names write it. Both may also leave it out. */
const dockerHub = /^(?:index\.)?docker\.io\//;

/** A first part that names a registry: by a dot, a port or a capital, or because a star may stand for one. */
const registry = /[.:*A-Z]|^localhost$/;

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
  const path = dockerHubPath(glob);
  const whole = (path === undefined ? glob : `index.docker.io/${path}`).replaceAll(/\*+/g, '**');
  return whole.endsWith('**') ? [whole] : [`${whole}:**`, `${whole}@**`];
}

/** The path of a glob for Docker Hub, as clients resolve it: `team/app` and `app` are images there, the latter of the owner `library`. */
function dockerHubPath(glob: string): string | undefined {
  const [first = '', ...others] = glob.split('/');
  const isElsewhere = others.length === 0 ? first.includes('*') : registry.test(first);
  if (!dockerHub.test(glob) && isElsewhere) return undefined;
  const path = glob.replace(dockerHub, '');
  return /[/*]/.test(path) ? path : `library/${path}`;
}

function spellings(glob: string): readonly string[] {
  const path = dockerHubPath(glob);
  if (path === undefined) return [glob];
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
