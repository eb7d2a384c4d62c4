// SPDX-License-Identifier: Apache-2.0

/** The counted facts of one request. All labels come from closed sets. */
export interface KubeRequest {
  /** Kubernetes' own verbs: get, list, watch, create, update, patch, apply, delete. */
  readonly verb: KubeVerb;
  /** `taskruns.tekton.dev`; with the subresource behind a slash. */
  readonly resource: string;
  /** The HTTP status; 0 when no answer came. */
  readonly code: number;
  readonly durationMs: number;
}

export type KubeVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** Observes the client, for metrics. */
export interface KubeObserver {
  requested?(request: KubeRequest): void;
}
