// SPDX-License-Identifier: Apache-2.0
import type { Installation } from './installation.ts';
import type { Team } from './team.ts';

/** The signature part of a JSON Web Token and its header, as ServiceAccount tokens have them. */
const TOKEN = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;

const SHOWN_KINDS = [
  'provenancerecords,signingpolicies,storagebackends,clustersigningpolicies,clusterstoragebackends',
  'taskruns,pipelineruns',
  'events',
  'configmaps,leases,pods,deployments',
];

/** Everything that people other than the team's own may read of the operator's work, by what it is. */
export async function shownTexts(installation: Installation): Promise<Readonly<Record<string, string>>> {
  const objects: Record<string, string> = {};
  for (const kinds of SHOWN_KINDS) {
    objects[kinds] = (await installation.kubectl(['get', kinds, '-A', '-o', 'json'])).stdout;
  }
  return { ...objects, logs: installation.operatorLogs(), metrics: (await installation.metrics()).join('\n') };
}

/** What of a team must never be seen: the lines of its private key, its registry's password in plain and as it is sent. */
export function secretsOf({ key, registry: { credentials } }: Team): readonly string[] {
  const lines = key.privateKey.split('\n').filter((line) => line.length >= 20 && !line.startsWith('-----'));
  if (credentials === undefined) return lines;
  const { username, password } = credentials;
  return [...lines, password, Buffer.from(`${username}:${password}`).toString('base64')];
}

/** One line for each secret, and each token of a ServiceAccount, that is seen somewhere. */
export function leaks(texts: Readonly<Record<string, string>>, secrets: readonly string[]): readonly string[] {
  const forms = secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]);
  return Object.entries(texts).flatMap(([where, text]) => [
    ...forms.filter((form) => text.includes(form)).map((form) => `${where} shows ${form}`),
    ...(TOKEN.test(text) ? [`${where} shows a token`] : []),
  ]);
}
