// SPDX-License-Identifier: Apache-2.0

/** The names to try for one that is not absolute. */
export interface SearchList {
  readonly domains: readonly string[];
  /** A name with as many dots is tried as it stands first. */
  readonly ndots: number;
}

const MAX_NDOTS = 15;

/** The search list of a file like /etc/resolv.conf: the last line wins. @see resolv.conf(5) */
export function parseSearchList(text: string): SearchList {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') domains = values;
    if (keyword === 'domain') domains = values.slice(0, 1);
    const option = keyword === 'options' ? values.findLast((value) => /^ndots:\d+$/.test(value)) : undefined;
    if (option !== undefined) ndots = Math.min(MAX_NDOTS, Number(option.slice('ndots:'.length)));
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== ''), ndots };
}

/** The names that are asked for, in turn, as glibc does: absolute, without the dot of the root. */
export function candidates(name: string, { domains, ndots }: SearchList): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const searched = domains.map((domain) => `${name}.${domain}`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [name, ...searched] : [...searched, name];
}
