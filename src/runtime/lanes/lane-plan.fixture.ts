// SPDX-License-Identifier: Apache-2.0
import { SeededRandom } from '../seeded-random.fixture.ts';
import type { LaneName } from './worker-lanes.ts';

/** A backend or the signer of a policy: what has a lane of its own. */
export interface ServerPlan {
  readonly name: string;
  /** The team that it belongs to; undefined when all use it. */
  readonly namespace: string | undefined;
  /** Duration of a call while the backend is healthy. */
  readonly callMs: number;
  /** Its trouble until `untilMs`: calls that take so long, and fail or not. */
  readonly trouble: { readonly untilMs: number; readonly callMs: number; readonly fails: boolean };
}

export interface KeyPlan {
  readonly key: string;
  readonly namespace: string;
  readonly signer: ServerPlan | undefined;
  /** Its signer has to be found first: it holds both lanes while it goes on. */
  readonly findsSigner: boolean;
  readonly backends: readonly ServerPlan[];
}

export interface Happening {
  readonly atMs: number;
  readonly kind: 'Add' | 'AddIdle' | 'Remove';
  readonly key: string;
}

/** One small world. */
export interface LanePlan {
  readonly seed: number;
  /** The controller whose ways the keys have. */
  readonly shape: 'Record' | 'Run';
  readonly workers: number;
  readonly keys: readonly KeyPlan[];
  readonly happenings: readonly Happening[];
  /** Percentage of looks that throw at the end. */
  readonly throwsPercent: number;
  /** Percentage of looks that take a moment to read. A circle of the others takes no time. */
  readonly readsPercent: number;
}

/** Decides a world. The shares are those of `src/controllers`. */
export function planLanes(seed: number): LanePlan {
  const random = new SeededRandom(seed);
  // Small worlds are full sooner, and most faults need no more.
  const namespaces = names('team', random.chance(0.6) ? random.between(1, 3) : random.between(4, 10));
  const backends = servers(random, 'backend', namespaces);
  const signers = servers(random, 'signer', namespaces);
  const shape = random.chance(0.75) ? 'Record' : 'Run';
  const count = random.chance(0.8) ? random.between(1, 10) : random.between(10, 60);
  const comings = { spreadMs: random.pick([0, 0, 50, 2000]), removed: random.pick([0, 0, 0.3]) };
  const keys = names('r', count).map((name): KeyPlan => {
    const namespace = random.pick(namespaces);
    const [signer] = usable(random, signers, namespace, 1);
    return {
      key: `${namespace}/${name}`,
      namespace,
      signer: shape === 'Record' && random.chance(0.3) ? signer : undefined,
      findsSigner: random.chance(0.3),
      backends: usable(random, backends, namespace, random.between(1, 3)),
    };
  });
  return {
    seed,
    shape,
    workers: random.pick([4, 4, 5, 6, 8, 12, 16, 24, 48]),
    keys,
    happenings: keys.flatMap(({ key }) => happeningsOf(random, key, comings)),
    throwsPercent: random.pick([0, 0, 2, 10]),
    readsPercent: random.pick([0, 0, 20]),
  };
}

export function namespaceLane({ shape }: LanePlan, namespace: string): LaneName {
  return { name: `namespace ${namespace}`, perIdle: shape === 'Record' ? 3 : 1, isOuter: true };
}

export function serverLane({ name, namespace }: ServerPlan, user: string): LaneName {
  const lane = { name, perIdle: 0.5 };
  return namespace === undefined ? { name: `${name} for ${user}`, perIdle: 2, within: lane } : lane;
}

function names(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

function servers(random: SeededRandom, kind: string, namespaces: readonly string[]): readonly ServerPlan[] {
  const hanging = random.pick([0.1, 0.6]);
  return names(kind, random.between(1, 6)).map((name) => ({
    name,
    namespace: random.chance(0.5) ? undefined : random.pick(namespaces),
    callMs: random.pick([0, 1, 10, 300]),
    trouble: random.chance(hanging)
      ? { untilMs: 20_000, callMs: 30_000, fails: random.chance(0.3) }
      : { untilMs: random.pick([0, 0, 500, 5000]), callMs: random.pick([0, 1000]), fails: random.chance(0.5) },
  }));
}

/** Some of the servers that the namespace may use, up to so many. */
function usable(random: SeededRandom, all: readonly ServerPlan[], user: string, most: number): readonly ServerPlan[] {
  const open = all.filter(({ namespace }) => namespace === undefined || namespace === user);
  const chosen = new Set<ServerPlan>();
  for (let draw = 0; draw < most && open.length > 0; draw += 1) chosen.add(random.pick(open));
  return [...chosen];
}

interface Comings {
  readonly spreadMs: number;
  /** The chance of a key to be removed. */
  readonly removed: number;
}

/** A key comes once or idly, comes again now and then, and may go. */
function happeningsOf(random: SeededRandom, key: string, comings: Comings): readonly Happening[] {
  const atMs = random.between(0, comings.spreadMs);
  const happenings: Happening[] = [{ atMs, kind: random.chance(0.1) ? 'AddIdle' : 'Add', key }];
  const later = (): number => atMs + random.pick([random.between(0, 50), random.between(0, 5000)]);
  while (random.chance(0.3)) happenings.push({ atMs: later(), kind: 'Add', key });
  if (random.chance(comings.removed)) happenings.push({ atMs: later(), kind: 'Remove', key });
  return happenings;
}
