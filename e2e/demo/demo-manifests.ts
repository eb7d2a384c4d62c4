// SPDX-License-Identifier: Apache-2.0
import type { PushedImage } from '../testbed/registry/push-image.ts';
import { dockerConfig } from '../testbed/registry/credentials.ts';
import type { DemoRegistry } from './demo-registry.ts';

interface DemoManifestOptions {
  readonly namespace: string;
  readonly registry: DemoRegistry;
  /** PKCS#8, PEM. */
  readonly privateKey: string;
  readonly image: PushedImage;
}

/** The objects of a demo on a user's cluster, all in a namespace of its own. */
export function demoManifests(options: DemoManifestOptions): {
  readonly setUp: readonly object[];
  readonly runs: readonly object[];
} {
  const { namespace, registry, privateKey } = options;
  const metadata = (name: string): object => ({ name, namespace });
  const { host, credentials } = registry.address;
  const api = 'hallmark.dev/v1alpha1';
  const credential = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata('registry'),
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': credentials === undefined ? '{"auths":{}}' : dockerConfig(host, credentials) },
  };
  const setUp = [
    { apiVersion: 'v1', kind: 'Secret', metadata: metadata('demo-key'), stringData: { 'x509.pem': privateKey } },
    credential,
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('builder'), secrets: [{ name: 'registry' }] },
    {
      apiVersion: api,
      kind: 'StorageBackend',
      metadata: metadata('registry'),
      spec: { type: 'OCI', oci: { encoding: 'CosignTags', tls: { insecure: registry.isPlain } } },
    },
    { apiVersion: api, kind: 'StorageBackend', metadata: metadata('tekton'), spec: { type: 'Tekton' } },
    {
      apiVersion: api,
      kind: 'SigningPolicy',
      metadata: metadata('demo'),
      spec: { signer: { type: 'Key', key: { secretRef: { name: 'demo-key' } } } },
    },
  ];
  return { setUp, runs: [taskRun(options)] };
}

/** A TaskRun that states the demo's image as what it built. */
function taskRun({ namespace, registry, image }: DemoManifestOptions): object {
  const script = 'printf %s "$URL" > $(results.IMAGE_URL.path); printf %s "$DIGEST" > $(results.IMAGE_DIGEST.path)';
  const env = [
    { name: 'URL', value: `${registry.address.host}/${registry.repository}` },
    { name: 'DIGEST', value: image.digest },
  ];
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'demo', namespace },
    spec: {
      serviceAccountName: 'builder',
      taskSpec: {
        results: [{ name: 'IMAGE_URL' }, { name: 'IMAGE_DIGEST' }],
        steps: [
          { name: 'state', image: 'docker.io/library/busybox:1', env, command: ['/bin/sh', '-c'], args: [script] },
        ],
      },
    },
  };
}
