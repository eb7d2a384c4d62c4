// SPDX-License-Identifier: Apache-2.0

/** A path segment that leads elsewhere once a client or a registry resolves it as that of a URL. */
const climbing = /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i;

/**
 * True when a whole repository name (`registry.example/team/app`) matches a glob, in which `*` stands for any characters,
 * slashes included. Linear in the name for each star, so that a hostile pattern or name cannot stall the operator, as it could
 * with a regular expression. A name with `..` in its path may be read as another repository, so only a glob for all names takes it.
 */
export function repositoryMatches(glob: string, repository: string): boolean {
  if (climbing.test(repository)) return glob === '*';
  const [head = '', ...rest] = glob.split('*');
  if (rest.length === 0) return repository === glob;
  if (!repository.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const piece of rest) {
    const at = repository.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return repository.length - tail.length >= from && repository.endsWith(tail);
}
