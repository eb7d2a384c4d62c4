// SPDX-License-Identifier: Apache-2.0

/** A path segment that leads elsewhere once a client or a registry resolves it as that of a URL. */
const climbing = /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i;

/**
 * True when a whole text, such as a repository name (`registry.example/team/app`), matches a glob, in which `*` stands for any
 * characters, slashes included. Linear in the text for each star, so that a hostile pattern or text cannot stall the operator, as
 * it could with a regular expression. A name with `..` in its path may be read as another repository, so only a glob for all names takes it.
 */
export function globMatches(glob: string, text: string): boolean {
  if (climbing.test(text)) return glob === '*';
  const [head = '', ...rest] = glob.split('*');
  if (rest.length === 0) return text === glob;
  if (!text.startsWith(head)) return false;
  const tail = rest.pop() ?? '';
  let from = head.length;
  for (const piece of rest) {
    const at = text.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return text.length - tail.length >= from && text.endsWith(tail);
}

/**
 * True when every text that `inner` matches is matched by one of `globs`. A star of `inner` stands for anything, a character that no glob
 * has included, so only a star can cover it: the glob that matches `inner` as it is written covers all of it.
 */
export function globsCover(globs: readonly string[], inner: string): boolean {
  return globs.some((glob) => globMatches(glob, inner));
}
