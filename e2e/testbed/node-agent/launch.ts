// SPDX-License-Identifier: Apache-2.0
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Launch } from './container-runner.ts';
import { containerEnvironment, expandReferences } from './environment.ts';
import { byImagePrefix } from './image-process.ts';
import { portVariables, type PortMapping } from './local-ports.ts';
import type { NodeContext } from './node-context.ts';
import { PathMap } from './path-map.ts';
import type { Container, Pod } from './pod.ts';
import { PodSetupError } from './pod-setup-error.ts';
import { serviceAccountPath, writePodKubeconfig } from './service-account.ts';

export interface LaunchRequest {
  readonly node: NodeContext;
  readonly pod: Pod;
  readonly container: Container;
  readonly ports: PortMapping;
  readonly volumeDirectories: ReadonlyMap<string, string>;
  /** The folder of the pod. */
  readonly directory: string;
}

/** Works out the process for a container. Throws {@link PodSetupError} when it cannot run, now or ever. */
export async function containerLaunch(request: LaunchRequest): Promise<Launch> {
  const { node, container, volumeDirectories } = request;
  const image = byImagePrefix(node.images, container.image);
  if (image === undefined) {
    throw new PodSetupError('ErrImagePull', `the node agent knows no process for the image ${container.image}`);
  }
  const paths = PathMap.of(container, volumeDirectories);
  const base = { ...image.env, ...(await platformEnvironment(request, paths)) };
  const declared = await containerEnvironment(
    { pod: request.pod, nodeName: node.nodeName, data: node.data },
    container,
    base,
  );
  const own = [...(image.withContainerCommand === true ? (container.command ?? []) : []), ...(container.args ?? [])];
  const rewritten = Object.entries(declared).map(([name, value]): [string, string] => [name, paths.rewrite(value)]);
  return {
    command: [
      ...(image.programs?.[container.command?.at(-1) ?? ''] ?? image.command),
      ...own.map((argument) => paths.rewrite(expandReferences(argument, { ...base, ...declared }))),
    ],
    env: { ...base, ...Object.fromEntries(rewritten) },
    ...(image.cwd === undefined ? {} : { cwd: image.cwd }),
  };
}

/** The variables that every container gets before its own. */
async function platformEnvironment(request: LaunchRequest, paths: PathMap): Promise<Record<string, string>> {
  const { node, pod, container, ports, directory } = request;
  const home = join(directory, 'home');
  await mkdir(home, { recursive: true });
  const { server } = node.client.access;
  const credentials = paths.folder(serviceAccountPath);
  const kubeconfig = join(directory, `${container.name}.kubeconfig`);
  if (credentials !== undefined) {
    await writePodKubeconfig({
      path: kubeconfig,
      access: node.client.access,
      namespace: pod.metadata.namespace,
      tokenFile: join(credentials, 'token'),
    });
  }
  const temporary = paths.folder('/tmp');
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    HOSTNAME: pod.metadata.name,
    ...(temporary === undefined ? {} : { TMPDIR: temporary }),
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port === '' ? '443' : server.port,
    ...(credentials === undefined ? {} : { KUBECONFIG: kubeconfig }),
    ...portVariables(ports),
  };
}
