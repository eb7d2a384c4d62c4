// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

/**
 * The `imageID` that a container runtime would report: the full repository name and a digest. An image given by digest keeps it; for
 * any other, since nothing is pulled here, the digest is derived from the name, so that it is the same in every run.
 */
export function imageID(image: string): string {
  const [reference = '', digest] = image.split('@');
  const repository = fullRepository(reference.replace(/:[\w][\w.-]*$/, ''));
  return `${repository}@${digest ?? `sha256:${createHash('sha256').update(reference).digest('hex')}`}`;
}

function fullRepository(name: string): string {
  const slash = name.indexOf('/');
  if (slash === -1) return `docker.io/library/${name}`;
  const first = name.slice(0, slash);
  // The rule of Docker's reference grammar: only a dot, a port or "localhost" makes the first part a host.
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
}
