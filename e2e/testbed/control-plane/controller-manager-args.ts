// SPDX-License-Identifier: Apache-2.0

export interface ControllerManagerFiles {
  readonly port: number;
  readonly kubeconfig: string;
  readonly serviceAccountKeyFile: string;
  readonly caFile: string;
}

/** The flags of kube-controller-manager: every usual controller but those of clouds, volumes and node networks. */
export function controllerManagerArgs(files: ControllerManagerFiles): string[] {
  const without = [
    'cloud-node-lifecycle-controller',
    'node-ipam-controller',
    'node-route-controller',
    'service-lb-controller',
    'persistentvolume-attach-detach-controller',
    'persistentvolume-binder-controller',
    'persistentvolume-expander-controller',
  ];
  return [
    `--kubeconfig=${files.kubeconfig}`,
    `--service-account-private-key-file=${files.serviceAccountKeyFile}`,
    `--root-ca-file=${files.caFile}`,
    '--leader-elect=false',
    '--bind-address=127.0.0.1',
    `--secure-port=${files.port}`,
    `--controllers=${['*', ...without.map((name) => `-${name}`)].join(',')}`,
    // An API server that is away for a while (tests restart it) must not end this process.
    '--kube-api-qps=100',
    '--kube-api-burst=200',
  ];
}
