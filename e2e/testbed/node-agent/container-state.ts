// SPDX-License-Identifier: Apache-2.0

/** A container's state in the words of `v1.ContainerState`. */
export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Termination };

export interface Termination {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly containerID?: string;
}

/** The part of `v1.ContainerStatus` that the agent reports. */
export interface ContainerStatus {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly state: ContainerState;
  readonly lastState?: ContainerState;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
}

/** The form that Kubernetes writes times in: RFC 3339, whole seconds. */
export function kubernetesTime(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
