// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey } from 'node:crypto';
import type { Installation } from './installation.ts';
import type { OperatorProcess } from './operator-process.ts';
import { secretForms } from './secret-forms.ts';
import type { Team } from './team.ts';

/** The signature part of a JSON Web Token and its header, as ServiceAccount tokens have them. */
const TOKEN = /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/;

const SHOWN_KINDS = [
  'provenancerecords,signingpolicies,storagebackends,clustersigningpolicies,clusterstoragebackends,policyceilings',
  'taskruns,pipelineruns',
  'events',
  'configmaps,leases,pods,deployments',
];

/**
 * Everything that people other than the team's own may read of the operator's work, by what it is.
 * @param operator where it runs as a process of its own
 */
export async function shownTexts(
  installation: Installation,
  operator?: OperatorProcess,
): Promise<Readonly<Record<string, string>>> {
  const objects: Record<string, string> = {};
  for (const kinds of SHOWN_KINDS) {
    objects[kinds] = JSON.stringify(await installation.list([kinds, '-A']));
  }
  const ofPods = { logs: installation.operatorLogs(), metrics: (await installation.metrics()).join('\n') };
  const ofProcess = operator === undefined ? ofPods : { logs: operator.log(), metrics: await operator.metrics() };
  return { ...objects, ...ofProcess };
}

/** The secrets of a team that must never be shown: the lines of its private key, the secret number, and the registry's password. */
export function secretsOf({ key, registry: { credentials } }: Team): readonly string[] {
  const lines = key.privateKey.split('\n').filter((line) => line.length >= 20 && !line.startsWith('-----'));
  const { d = '' } = createPrivateKey(key.privateKey).export({ format: 'jwk' });
  const secrets = [...lines, d, Buffer.from(d, 'base64url').toString('hex')];
  return credentials === undefined ? secrets : [...secrets, credentials.password];
}

/** One line for each secret, and each token of a ServiceAccount, that is seen somewhere, however it is written there. */
export function leaks(texts: Readonly<Record<string, string>>, secrets: readonly string[]): readonly string[] {
  const forms = [...new Set(secrets.flatMap(secretForms))];
  return Object.entries(texts).flatMap(([where, text]) => [
    ...forms.filter((form) => text.includes(form)).map((form) => `${where} shows ${form}`),
    ...(TOKEN.test(text) ? [`${where} shows a token`] : []),
  ]);
}
