// SPDX-License-Identifier: Apache-2.0
/**
 * The text between `://` and the last `@` of an authority. Each match begins after the previous one, so this takes
 * linear time.
 */
const plain = /(:\/\/)([^\s/?#"'`<>\\]+)@/g;
/** The same inside a percent-encoded URL, such as a qualifier of a package URL. */
const encoded = /(%3A%2F%2F)((?:[^\s/?#"'`<>\\&%]|%(?!2F|3F|23|40)[0-9A-F]{2})+)(?:@|%40)/gi;
const digestAhead = /^[a-z0-9]+(?::|%3A)[0-9a-f]{32}/i;
/** Schemes whose user name is part of the address (`ssh://git@host`); only the password is a credential there. */
const namesUser = /(?:ssh|sftp|scp|rsync)$/i;
/** A variable reference or a mask in place of the credential. */
const reference = /^(?:\$\{[^}]*\}|\$\([^)]*\)|\$\w+|\{\{[^}]*\}\}|%[sv]|\*+|\[redacted\]|)$/;

/** Remove the user info from every URL in a text; everything else stays unchanged. */
export function withoutUserInfo(text: string): string {
  const cleaned = text.includes('://') ? stripped(text, plain) : text;
  return /%3A%2F%2F/i.test(cleaned) ? stripped(cleaned, encoded) : cleaned;
}

function stripped(text: string, pattern: RegExp): string {
  let cleaned = '';
  let done = 0;
  for (const { 0: match, 1: separator = '', 2: info = '', index } of text.matchAll(pattern)) {
    const after = index + match.length;
    const userInfo = withoutImageName(info, text.slice(after, after + 80));
    if (userInfo === undefined) continue;
    const start = index + separator.length;
    const kept = keptUserInfo(schemeBefore(text, index), userInfo);
    if (kept === userInfo) continue;
    cleaned += `${text.slice(done, start)}${kept}`;
    const end = start + userInfo.length;
    done = kept === '' ? end + (text.startsWith('@', end) ? 1 : '%40'.length) : end;
  }
  return cleaned + text.slice(done);
}

/** In `docker://busybox@sha256:…` the part before the digest is the name of an image. */
function withoutImageName(info: string, ahead: string): string | undefined {
  if (!digestAhead.test(ahead)) return info;
  const at = info.lastIndexOf('@');
  return at < 0 ? undefined : info.slice(0, at);
}

function schemeBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < 32 && /[a-z0-9+.-]/i.test(text.charAt(start - 1))) start--;
  return text.slice(start, end);
}

function keptUserInfo(scheme: string, info: string): string {
  const colon = info.indexOf(':');
  const secret = colon < 0 ? info : info.slice(colon + 1);
  if (reference.test(secret)) return info;
  if (!namesUser.test(scheme)) return '';
  return colon < 0 ? info : info.slice(0, colon);
}
