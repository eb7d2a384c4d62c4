// SPDX-License-Identifier: Apache-2.0

/** The place of the manifests. */
export interface MigrationScope {
  /** The namespace of a SigningPolicy; undefined for a ClusterSigningPolicy. */
  readonly namespace: string | undefined;
  /** The namespace where cluster kinds look for Secrets. */
  readonly operatorNamespace: string;
  readonly mode: 'Audit' | 'Enforce';
  /** The region of DynamoDB, which the configuration of Chains does not say. */
  readonly awsRegion?: string | undefined;
}

/** The namespace in which policies and backends look for Secrets and ServiceAccounts. */
export function secretsNamespace({ namespace, operatorNamespace }: MigrationScope): string {
  return namespace ?? operatorNamespace;
}

/** A Secret that manifests name and that has to be created. */
export interface NamedSecret {
  readonly name: string;
  /** The entry that is needed, and where Chains has it. */
  readonly entry: string;
  readonly source: string;
  /** The content, where the ConfigMap itself holds it. */
  readonly value?: string;
  /** True when its manifest is printed. */
  readonly isCopied?: true;
}

/** One part of a migration: a signer, a backend. */
export interface MigratedPart {
  readonly spec: object;
  readonly secrets?: readonly NamedSecret[];
  readonly serviceAccounts?: readonly string[];
  /** The work that is left, and the differences. */
  readonly advice?: readonly string[];
  readonly values?: readonly HelmValue[];
}

/** A part that cannot be migrated. */
export interface Unmigrated {
  readonly problem: string;
}

/** A setting of the chart. */
export type HelmValue =
  | { readonly type: 'Log'; readonly url: string }
  | { readonly type: 'Token'; readonly audience: string; readonly host: string; readonly account: string }
  | { readonly type: 'Host'; readonly host: string };

/** The host, with its port, of a URL; undefined for text that is none. */
export function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

/** The values that let the operator connect to a server in the cluster; none for other hosts, which it may connect to anyway. */
export function reach(url: string): readonly HelmValue[] {
  const host = hostOf(url) ?? '';
  const name = host.replace(/:\d+$/, '');
  const isPrivate =
    /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[)/.test(name) ||
    /\.(svc|local|internal)$|\.svc\./.test(name) ||
    (name !== '' && !name.includes('.'));
  return isPrivate ? [{ type: 'Host', host }] : [];
}
