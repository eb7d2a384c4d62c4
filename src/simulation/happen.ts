// SPDX-License-Identifier: Apache-2.0
import { backendKind, backendManifest, metadataOf, plurals, policyKind } from './manifests.ts';
import type { ModelApiServer } from './model/api-server.ts';
import type { ModelCluster } from './model/cluster.ts';
import type { ModelSigner } from './model/signer.ts';
import type { ModelStore } from './model/store.ts';
import type { BackendPlan, Incident, PolicyPlan } from './world-plan.ts';

/** The parts of a world that an incident can change. */
export interface Scene {
  readonly cluster: ModelCluster;
  readonly api: ModelApiServer;
  readonly store: (backend: BackendPlan) => ModelStore;
  readonly signer: (policy: PolicyPlan) => ModelSigner;
  readonly kill: (replica: number) => void;
  readonly restart: (replica: number, graceSeconds: number) => void;
  readonly pause: (replica: number, ms: number) => void;
  readonly cutOff: (replica: number, ms: number) => void;
  readonly rollOut: (graceSeconds: number) => void;
}

/** Applies an incident now. */
export function happen(incident: Incident, scene: Scene): void {
  if ('replica' in incident) toReplica(incident, scene);
  else if ('backend' in incident) toBackend(incident, scene);
  else if ('policy' in incident) toPolicy(incident, scene);
  else toOthers(incident, scene);
}

type OfBackend = Extract<Incident, { readonly backend: BackendPlan }>;
type OfReplica = Extract<Incident, { readonly replica: number }>;
type OfPolicy = Extract<Incident, { readonly policy: PolicyPlan }>;

function toReplica(incident: OfReplica, scene: Scene): void {
  const { replica } = incident;
  switch (incident.kind) {
    case 'Killed':
      scene.kill(replica);
      return;
    case 'Restarted':
      scene.restart(replica, incident.graceSeconds);
      return;
    case 'Paused':
      scene.pause(replica, incident.forMs);
      return;
    case 'CutOff':
      scene.cutOff(replica, incident.forMs);
  }
}

function toBackend(incident: OfBackend, { cluster, store }: Scene): void {
  const { backend } = incident;
  switch (incident.kind) {
    case 'StoreDown':
      store(backend).goDown(incident.forMs);
      return;
    case 'StoreHangs':
      store(backend).hang(incident.forMs);
      return;
    case 'StoreBlind':
      store(backend).goBlind(incident.forMs);
      return;
    case 'BackendMadeAnew':
      cluster.delete(plurals[backendKind(backend)], backend);
      cluster.create(plurals[backendKind(backend)], backendManifest(backend));
  }
}

function toPolicy(incident: OfPolicy, { cluster, signer }: Scene): void {
  const { policy } = incident;
  switch (incident.kind) {
    case 'SignerDown':
      signer(policy).goDown(incident.forMs);
      return;
    case 'SignerHangs':
      signer(policy).hang(incident.forMs);
      return;
    case 'PolicyEdited': {
      const spec = { suspend: incident.suspend };
      cluster.update(plurals[policyKind(policy)], 'Patch', { metadata: metadataOf(policy), spec });
    }
  }
}

function toOthers(
  incident: Exclude<Incident, OfReplica | OfBackend | OfPolicy>,
  { cluster, api, rollOut }: Scene,
): void {
  switch (incident.kind) {
    case 'ApiAway':
      api.goAway(incident.forMs);
      return;
    case 'WatchesCut':
      api.cutWatches();
      return;
    case 'HistoryCompacted':
      cluster.compact();
      api.cutWatches();
      return;
    case 'RolledOut':
      rollOut(incident.graceSeconds);
      return;
    case 'NamespaceLabelled': {
      const labels = { at: String(incident.atMs) };
      cluster.update(plurals.Namespace, 'Patch', { metadata: { name: incident.namespace, labels } });
    }
  }
}
