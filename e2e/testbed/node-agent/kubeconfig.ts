// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { parse } from 'yaml';

/** The API server's address, and the agent's credentials. */
export interface ClusterAccess {
  readonly server: URL;
  /** PEM. */
  readonly certificateAuthority?: string;
  readonly skipTLSVerify: boolean;
  readonly token?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

const Text = Type.Optional(Type.String());
const Kubeconfig = Type.Object({
  'current-context': Type.String(),
  contexts: Type.Array(
    Type.Object({ name: Type.String(), context: Type.Object({ cluster: Type.String(), user: Type.String() }) }),
  ),
  clusters: Type.Array(
    Type.Object({
      name: Type.String(),
      cluster: Type.Object({
        server: Type.String(),
        'certificate-authority': Text,
        'certificate-authority-data': Text,
        'insecure-skip-tls-verify': Type.Optional(Type.Boolean()),
      }),
    }),
  ),
  users: Type.Array(
    Type.Object({
      name: Type.String(),
      user: Type.Object({
        token: Text,
        tokenFile: Text,
        'client-certificate': Text,
        'client-certificate-data': Text,
        'client-key': Text,
        'client-key-data': Text,
      }),
    }),
  ),
});

/** Reads the current context of a kubeconfig: tokens and client certificates, no plugins. Throws when it names nothing usable. */
export function readKubeconfig(path: string): ClusterAccess {
  const document: unknown = parse(readFileSync(path, 'utf8'));
  if (!Value.Check(Kubeconfig, document)) throw new Error(`${path} is not a kubeconfig with a current context`);
  const context = named(document.contexts, document['current-context'], path).context;
  const { cluster } = named(document.clusters, context.cluster, path);
  const { user } = named(document.users, context.user, path);
  return access({ path, cluster, user });
}

type KubeconfigType = Static<typeof Kubeconfig>;
interface Chosen {
  readonly path: string;
  readonly cluster: KubeconfigType['clusters'][number]['cluster'];
  readonly user: KubeconfigType['users'][number]['user'];
}

function access({ path, cluster, user }: Chosen): ClusterAccess {
  const read = (file: string | undefined, data: string | undefined): string | undefined => {
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    return file === undefined ? undefined : readFileSync(resolve(dirname(path), file), 'utf8');
  };
  const optional = {
    certificateAuthority: read(cluster['certificate-authority'], cluster['certificate-authority-data']),
    token: user.token ?? read(user.tokenFile, undefined)?.trim(),
    clientCertificate: read(user['client-certificate'], user['client-certificate-data']),
    clientKey: read(user['client-key'], user['client-key-data']),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { server: new URL(cluster.server), skipTLSVerify: cluster['insecure-skip-tls-verify'] ?? false, ...present };
}

function named<T extends { readonly name: string }>(entries: readonly T[], name: string, path: string): T {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`${path} refers to ${JSON.stringify(name)}, which it does not define`);
  return entry;
}
