// SPDX-License-Identifier: Apache-2.0

/** An obstacle to starting a pod; shown as the waiting reason of its containers, and retried. */
export class PodSetupError extends Error {
  override readonly name = 'PodSetupError';
  /** As the kubelet names it: `ContainerCreating`, `CreateContainerConfigError`, `ErrImagePull`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
