// SPDX-License-Identifier: Apache-2.0

/** What keeps a pod from starting for now; shown as the waiting reason of its containers, and tried again. */
export class PodSetupError extends Error {
  override readonly name = 'PodSetupError';
  /** As the kubelet names it: `ContainerCreating`, `CreateContainerConfigError`, `ErrImagePull`. */
  readonly reason: string;

  constructor(reason: string, message: string) {
    super(message);
    this.reason = reason;
  }
}
