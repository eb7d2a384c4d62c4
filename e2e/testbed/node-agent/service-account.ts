// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import type { ApiClient } from './api-client.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import type { Pod } from './pod.ts';
import { writeVolumeFile, type TokenVolume } from './volumes.ts';

/** The path at which the API server's admission mounts a pod's own ServiceAccount token. */
export const serviceAccountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

const TokenRequest = Type.Object({
  status: Type.Object({ token: Type.String(), expirationTimestamp: Type.String() }),
});

export interface PodTokenOptions {
  readonly client: ApiClient;
  readonly pod: Pod;
  readonly tokens: readonly TokenVolume[];
  readonly signal: AbortSignal;
  /** Waits between renewals; real time by default. */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Writes the tokens of a pod's volumes, bound to the pod, and keeps them fresh until the signal, renewing each when a
 * fifth of its life is left, as the kubelet does. Resolves once every file is there.
 */
export async function keepTokens(options: PodTokenOptions, onError: (error: unknown) => void): Promise<void> {
  for (const token of options.tokens) {
    const first = await writeToken(options, token);
    renew(options, token, first).catch((error: unknown) => {
      if (!options.signal.aborted) onError(error);
    });
  }
}

function realWait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return delay(milliseconds, undefined, { signal, ref: false });
}

/** Timers overflow past 24 days. */
const longestWaitMilliseconds = 86_400_000;

async function renew(options: PodTokenOptions, token: TokenVolume, firstLifetime: number): Promise<void> {
  for (let lifetime = firstLifetime; ; lifetime = await writeToken(options, token)) {
    await (options.wait ?? realWait)(Math.min(lifetime * 0.8, longestWaitMilliseconds), options.signal);
  }
}

/** Milliseconds that the new token lives. */
async function writeToken({ client, pod, signal }: PodTokenOptions, token: TokenVolume): Promise<number> {
  const { name, namespace, uid } = pod.metadata;
  const account = pod.spec.serviceAccountName ?? 'default';
  const answer = await client.insist({
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(token.audience === undefined ? {} : { audiences: [token.audience] }),
        expirationSeconds: token.expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    },
    signal,
  });
  if (!Value.Check(TokenRequest, answer)) throw new Error(`the token of ${namespace}/${account} came without a status`);
  await writeVolumeFile(token.file, { content: Buffer.from(answer.status.token), mode: 0o600 });
  return Date.parse(answer.status.expirationTimestamp) - Date.now();
}

export interface PodKubeconfig {
  readonly path: string;
  readonly access: ClusterAccess;
  readonly namespace: string;
  readonly tokenFile: string;
}

/**
 * Writes what stands in for the in-cluster configuration: a client that finds no files under {@link serviceAccountPath}
 * reads this through KUBECONFIG. The token is named by its file in both spellings, that of the Kubernetes documentation and the
 * one that `@kubernetes/client-node` reads again when the token is renewed.
 */
export async function writePodKubeconfig({ path, access, namespace, tokenFile }: PodKubeconfig): Promise<void> {
  const authority = access.certificateAuthority;
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'pod',
    clusters: [
      {
        name: 'cluster',
        cluster: {
          server: access.server.origin,
          ...(authority === undefined
            ? { 'insecure-skip-tls-verify': access.skipTLSVerify }
            : { 'certificate-authority-data': Buffer.from(authority).toString('base64') }),
        },
      },
    ],
    users: [{ name: 'pod', user: { tokenFile, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }],
    contexts: [{ name: 'pod', context: { cluster: 'cluster', user: 'pod', namespace } }],
  };
  await writeFile(path, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 });
}
