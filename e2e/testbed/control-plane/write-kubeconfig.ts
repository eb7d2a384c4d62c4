// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';

export interface KubeconfigSpec {
  readonly server: string;
  readonly caFile: string;
  readonly token: string;
  readonly user: string;
  /** The namespace of the context; `default` when absent. */
  readonly namespace?: string;
  /** The ServiceAccount as which the token's owner acts, with all rights. */
  readonly actAs?: { readonly namespace: string; readonly name: string };
}

/** Writes a kubeconfig with one context; JSON is YAML, too. The certificate is embedded, so that the file can be moved. */
export function writeKubeconfig(path: string, spec: KubeconfigSpec): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'testbed',
    contexts: [
      { name: 'testbed', context: { cluster: 'testbed', user: spec.user, namespace: spec.namespace ?? 'default' } },
    ],
    clusters: [
      {
        name: 'testbed',
        cluster: { server: spec.server, 'certificate-authority-data': readFileSync(spec.caFile).toString('base64') },
      },
    ],
    users: [{ name: spec.user, user: { token: spec.token, ...impersonation(spec.actAs) } }],
  };
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}

/** With all rights, so that a test of admission is not one of roles. */
function impersonation(account: KubeconfigSpec['actAs']): object {
  if (account === undefined) return {};
  return { as: `system:serviceaccount:${account.namespace}:${account.name}`, 'as-groups': ['system:masters'] };
}
