// SPDX-License-Identifier: Apache-2.0
import type { ApiFaults } from './model/api-server.ts';
import type { SignerFaults } from './model/signer.ts';
import type { StoreFaults } from './model/store.ts';
import type { OperatorSettings } from './operator-life.ts';
import { SeededRandom } from '../runtime/seeded-random.fixture.ts';

export interface PolicyPlan {
  /** Empty for a cluster policy. */
  readonly namespace: string;
  readonly name: string;
  readonly retention: 'Keep' | 'WithRun';
  /** True when its deletion guard keeps runs until they are stored. */
  readonly holdsRuns?: true;
  /** True when its records drop payloads once they are stored. */
  readonly dropsPayloads?: true;
}

export interface BackendPlan {
  /** Empty for a cluster backend. */
  readonly namespace: string;
  readonly name: string;
  readonly type: 'Tekton' | 'GCS';
}

export interface RunPlan {
  readonly namespace: string;
  readonly name: string;
  /** Absent: it appears when it has finished. */
  readonly startedMs?: number;
  /** 0: finished before the operator first starts. */
  readonly finishedMs: number;
  readonly deletedMs: number | undefined;
}

/** An event at a time in the world, with its duration if it ends. */
export type Incident = { readonly atMs: number } & (
  | { readonly kind: 'StoreDown' | 'StoreHangs' | 'StoreBlind'; readonly backend: BackendPlan; readonly forMs: number }
  | { readonly kind: 'SignerDown' | 'SignerHangs'; readonly policy: PolicyPlan; readonly forMs: number }
  | { readonly kind: 'ApiAway'; readonly forMs: number }
  | { readonly kind: 'WatchesCut' | 'HistoryCompacted' }
  | { readonly kind: 'Killed'; readonly replica: number }
  | { readonly kind: 'Restarted'; readonly replica: number; readonly graceSeconds: number }
  /** One replica stands still, or nothing of it reaches the API server. */
  | { readonly kind: 'Paused' | 'CutOff'; readonly replica: number; readonly forMs: number }
  /** All replicas are replaced, one after the other. */
  | { readonly kind: 'RolledOut'; readonly graceSeconds: number }
  | { readonly kind: 'PolicyEdited'; readonly policy: PolicyPlan; readonly suspend: boolean }
  | { readonly kind: 'BackendMadeAnew'; readonly backend: BackendPlan }
  | { readonly kind: 'NamespaceLabelled'; readonly namespace: string }
);

/** Everything decided about a world before it starts. */
export interface WorldPlan {
  readonly seed: number;
  /** The fault that it is made for; absent when all of it is drawn from the seed. */
  readonly ofFault?: string;
  readonly settings: OperatorSettings;
  /** The number of replicas of the operator. */
  readonly replicas: number;
  readonly namespaces: readonly string[];
  readonly policies: readonly PolicyPlan[];
  readonly backends: readonly BackendPlan[];
  readonly runs: readonly RunPlan[];
  readonly incidents: readonly Incident[];
  /** From this time on, everything works and nothing changes. */
  readonly healedMs: number;
  /** All work must be done this long after. */
  readonly patienceMs: number;
  readonly faults: { readonly api: ApiFaults; readonly store: StoreFaults; readonly signer: SignerFaults };
}

type Chances = SeededRandom;

/** The longest back-off is far shorter. */
const PATIENCE_MS = 20 * 60_000;

const FEW_RUNS = [1, 4] as const;
const SOME_RUNS = [5, 12] as const;
const MANY_RUNS = [16, 60] as const;

/** Plans one world. Most are small, so that many fit in the time. Each has only some kinds of faults, because faults hide each other. */
export function planWorld(seed: number, options: { readonly replicas?: number } = {}): WorldPlan {
  const random = new SeededRandom(seed);
  // A stream of its own: the rest of a world does not depend on the replicas.
  const sharing = new SeededRandom(seed ^ 0x5ead);
  const plannedReplicas = sharing.pick([1, 1, 2, 3]);
  const replicas = options.replicas ?? plannedReplicas;
  const size = random.next();
  const namespaces = names('team', countNamespaces(random, size));
  // A stream of its own too.
  const guarding = new SeededRandom(seed ^ 0x6a4d);
  const hasGuards = guarding.chance(0.35);
  const planned = planPolicies(random, namespaces);
  const dropping = new SeededRandom(seed ^ 0xd407);
  const hasDrops = dropping.chance(0.35);
  const guarded = hasGuards ? planned.map((policy) => guardedPolicy(guarding, policy)) : planned;
  const policies = hasDrops ? guarded.map((policy) => droppingPolicy(dropping, policy)) : guarded;
  const backends = planBackends(random, namespaces, policies);
  const healedMs = random.between(size < 0.6 ? 10 : 30, 90) * 1000;
  const layout = { namespaces, policies, backends, healedMs };
  const brief = replicas === 1 ? [] : planBriefRuns(sharing, layout, replicas);
  return {
    seed,
    settings: {
      concurrentRuns: random.pick([1, 2, 2, 4, 8]),
      concurrentRecords: random.pick([1, 2, 2, 4, 8]),
      maxRetrySeconds: random.pick([5, 30]),
    },
    replicas,
    ...layout,
    patienceMs: PATIENCE_MS,
    runs: [
      ...planRuns(random, layout, countRuns(random, size)).map((run) => (hasGuards ? startedRun(guarding, run) : run)),
      ...brief.map(({ run }) => run),
    ],
    incidents: [
      ...planIncidents(random, layout, size)
        .filter((incident) => !releasesRuns(incident))
        .map((incident) => aimed(sharing, incident, replicas)),
      ...(replicas === 1 ? [] : planHandOvers(sharing, layout, replicas)),
      ...brief.flatMap(({ kills }) => kills),
    ],
    faults: planFaults(random),
  };
}

function countNamespaces(random: Chances, size: number): number {
  if (size < 0.6) return random.between(1, 2);
  return random.chance(0.4) ? random.between(5, 10) : random.between(2, 4);
}

function countRuns(random: Chances, size: number): number {
  const [min, max] = size < 0.6 ? FEW_RUNS : size < 0.9 ? SOME_RUNS : MANY_RUNS;
  return random.between(min, max);
}

function names(stem: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${stem}-${index}`);
}

function planPolicies(random: Chances, namespaces: readonly string[]): PolicyPlan[] {
  const retention = (): PolicyPlan['retention'] => (random.chance(0.2) ? 'WithRun' : 'Keep');
  const hasClusterPolicy = random.chance(0.25);
  const own = namespaces.flatMap((namespace) => {
    const count = hasClusterPolicy && random.chance(0.3) ? 0 : random.chance(0.2) ? 2 : 1;
    return names('policy', count).map((name) => ({ namespace, name, retention: retention() }));
  });
  return hasClusterPolicy ? [...own, { namespace: '', name: 'baseline', retention: retention() }] : own;
}

function guardedPolicy(random: Chances, policy: PolicyPlan): PolicyPlan {
  return random.chance(0.8) ? { ...policy, holdsRuns: true } : policy;
}

function droppingPolicy(random: Chances, policy: PolicyPlan): PolicyPlan {
  return random.chance(0.8) ? { ...policy, dropsPayloads: true } : policy;
}

/** A suspended policy keeps no runs, so that some may be lost. */
function releasesRuns(incident: Incident): boolean {
  return incident.kind === 'PolicyEdited' && incident.policy.holdsRuns === true;
}

/** A run that is seen before it finishes. Many are deleted in the moment that they finish, and some before it. */
function startedRun(random: Chances, run: RunPlan): RunPlan {
  if (run.finishedMs === 0) return run;
  const startedMs = Math.max(1, run.finishedMs - random.between(1, 15_000));
  const deletedMs = random.pick([
    run.deletedMs,
    run.finishedMs,
    run.finishedMs + random.between(1, 3000),
    random.chance(0.2) ? random.between(startedMs, run.finishedMs) : run.finishedMs,
  ]);
  return { ...run, startedMs, deletedMs };
}

/** Plans a Tekton backend only in a namespace with one policy, since only one may write a run's annotations. */
function planBackends(
  random: Chances,
  namespaces: readonly string[],
  policies: readonly PolicyPlan[],
): readonly BackendPlan[] {
  const shared = names('shared', random.between(random.chance(0.5) ? 1 : 2, 3));
  const own = namespaces.flatMap((namespace): BackendPlan[] => {
    const count = random.chance(0.5) ? 0 : random.between(1, 2);
    const isTekton = policies.filter((policy) => policy.namespace === namespace).length === 1 && random.chance(0.3);
    return [
      ...names('own', count).map((name) => ({ namespace, name, type: 'GCS' as const })),
      ...(isTekton ? [{ namespace, name: 'annotations', type: 'Tekton' as const }] : []),
    ];
  });
  return [...shared.map((name) => ({ namespace: '', name, type: 'GCS' as const })), ...own];
}

type Layout = Pick<WorldPlan, 'namespaces' | 'policies' | 'backends' | 'healedMs'>;

function planRuns(random: Chances, { namespaces, healedMs }: Layout, count: number): readonly RunPlan[] {
  const backlog = random.pick([0, 0.5, 1, 1]);
  const deleting = random.pick([0, 0, 0.3]);
  return names('run', count).map((name, index) => {
    const namespace = namespaces[index % namespaces.length] ?? random.pick(namespaces);
    const finishedMs = random.chance(backlog) ? 0 : random.between(1, healedMs);
    const deletedMs = random.chance(deleting) ? finishedMs + random.between(1000, 20_000) : undefined;
    return {
      namespace,
      name,
      finishedMs,
      deletedMs: deletedMs !== undefined && deletedMs < healedMs ? deletedMs : undefined,
    };
  });
}

function planIncidents(random: Chances, layout: Layout, size: number): readonly Incident[] {
  const { healedMs, namespaces, policies } = layout;
  const stores = layout.backends.filter(({ type }) => type === 'GCS');
  const when = (): { atMs: number; forMs: number } => {
    const atMs = random.between(0, healedMs - 1000);
    return { atMs, forMs: random.between(500, healedMs - atMs) };
  };
  const kinds: readonly (() => readonly Incident[])[] = [
    () => [{ kind: random.pick(['StoreDown', 'StoreHangs', 'StoreBlind']), backend: random.pick(stores), ...when() }],
    () => [{ kind: random.pick(['SignerDown', 'SignerHangs']), policy: random.pick(policies), ...when() }],
    () => [{ kind: 'ApiAway', ...when() }],
    () => {
      const kind = random.pick(['WatchesCut', 'HistoryCompacted', 'Killed'] as const);
      const { atMs } = when();
      return [kind === 'Killed' ? { kind, replica: 0, atMs } : { kind, atMs }];
    },
    () => [{ kind: 'Restarted', replica: 0, atMs: when().atMs, graceSeconds: random.between(0, 20) }],
    () => {
      const policy = random.pick(policies);
      const { atMs, forMs } = when();
      return [
        { kind: 'PolicyEdited', policy, suspend: true, atMs },
        { kind: 'PolicyEdited', policy, suspend: false, atMs: atMs + forMs },
      ];
    },
    () => [{ kind: 'BackendMadeAnew', backend: random.pick(stores), atMs: when().atMs }],
    () => [{ kind: 'NamespaceLabelled', namespace: random.pick(namespaces), atMs: when().atMs }],
  ];
  const count = random.pick([0, 1, 1, 2, 3, 5]);
  // A hanging store harms others only when many records wait for it.
  const hanging: Incident = { kind: 'StoreHangs', backend: random.pick(stores), atMs: 0, forMs: healedMs };
  const first = size > 0.6 && random.chance(0.6) ? [hanging] : [];
  return [...first, ...Array.from({ length: count }, () => random.pick(kinds)()).flat()];
}

/** The incident, of any of the replicas. */
function aimed(random: Chances, incident: Incident, replicas: number): Incident {
  return 'replica' in incident ? { ...incident, replica: random.between(0, replicas - 1) } : incident;
}

interface BriefRun {
  readonly run: RunPlan;
  readonly kills: readonly Incident[];
}

/** Runs that are deleted as soon as they finish, just when all replicas but one are killed: that one alone knows of them. */
function planBriefRuns(random: Chances, { namespaces, healedMs }: Layout, replicas: number): readonly BriefRun[] {
  return names('brief', random.between(0, 2)).map((name) => {
    const finishedMs = random.between(5_000, healedMs - 2_000);
    const deletedMs = finishedMs + random.between(5, 30);
    const survivor = random.between(0, replicas - 1);
    const others = Array.from({ length: replicas }, (_, index) => index).filter((index) => index !== survivor);
    return {
      run: { namespace: random.pick(namespaces), name, finishedMs, deletedMs },
      kills: others.map((replica) => ({ kind: 'Killed', replica, atMs: deletedMs + random.between(0, 20) })),
    };
  });
}

/** Makes shards change hands. */
function planHandOvers(random: Chances, { healedMs }: Layout, replicas: number): readonly Incident[] {
  const replica = (): number => random.between(0, replicas - 1);
  const atMs = (): number => random.between(0, healedMs - 1000);
  const kinds: readonly (() => Incident)[] = [
    () => ({
      kind: random.pick(['Paused', 'CutOff']),
      replica: replica(),
      forMs: random.between(1, 40_000),
      atMs: atMs(),
    }),
    () => ({ kind: 'Killed', replica: replica(), atMs: atMs() }),
    () => ({ kind: 'Restarted', replica: replica(), graceSeconds: random.between(0, 20), atMs: atMs() }),
    () => ({ kind: 'RolledOut', graceSeconds: random.between(0, 20), atMs: atMs() }),
  ];
  return Array.from({ length: random.pick([0, 1, 2, 3]) }, () => random.pick(kinds)());
}

function planFaults(random: Chances): WorldPlan['faults'] {
  const now = (isLikely: number, value: number): number => (random.chance(isLikely) ? value : 0);
  const killing = now(0.15, 0.005);
  return {
    api: {
      maxDelayMs: random.pick([5, 20, 200]),
      failing: now(0.2, 0.1),
      losingAnswers: now(0.2, 0.1),
      killing,
      maxLagMs: random.pick([0, 20, 300]),
    },
    store: {
      maxDelayMs: random.pick([10, 100, 3000]),
      failing: now(0.2, 0.2),
      losingAnswers: now(0.2, 0.1),
      killing,
    },
    signer: { maxDelayMs: random.pick([0, 50, 500]), failing: now(0.15, 0.1) },
  };
}
