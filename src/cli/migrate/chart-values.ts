// SPDX-License-Identifier: Apache-2.0
import type { HelmValue } from './migration.ts';

/** The values of Hallmark's chart that a migration needs; an empty object where the defaults do. */
export function chartValues(given: readonly HelmValue[], namespace: string): object {
  const logs = unique(given.flatMap((value) => (value.type === 'Log' ? [value.url] : [])));
  const allow = unique(given.flatMap((value) => (value.type === 'Host' ? [value.host] : [])));
  const tokens = given.filter((value) => value.type === 'Token');
  const audiences = unique(tokens.map(({ audience }) => audience));
  const destinations = audiences.map((audience) => ({
    audience,
    hosts: unique(tokens.filter((token) => token.audience === audience).map(({ host }) => host)),
  }));
  const config = {
    ...(allow.length === 0 ? {} : { outbound: { allow } }),
    ...(destinations.length === 0 ? {} : { tokens: { destinations } }),
    ...(logs.length === 0 ? {} : { transparency: { logs } }),
  };
  return {
    ...(Object.keys(config).length === 0 ? {} : { config }),
    ...(tokens.length === 0
      ? {}
      : { tokens: { serviceAccounts: { [namespace]: unique(tokens.map(({ account }) => account)) } } }),
  };
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
