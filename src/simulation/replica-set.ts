// SPDX-License-Identifier: Apache-2.0
import type { Life } from './life.ts';
import { OperatorLife, type OperatorLifeOptions } from './operator-life.ts';

export interface ReplicaSetOptions extends Omit<OperatorLifeOptions, 'instance' | 'onExit' | 'onCrash' | 'random'> {
  readonly count: number;
  readonly random: () => OperatorLifeOptions['random'];
  readonly note: (text: string) => void;
  readonly onFault: (text: string) => void;
}

const RESTART_MS = 500;
/** The interval at which a rollout looks whether the new replica works, and the most looks. */
const LOOK_MS = 500;
const MAX_LOOKS = 120;

/** The replicas of the operator: each begins again after its end, and a rollout replaces them one by one. */
export class ReplicaSet {
  readonly #options: ReplicaSetOptions;
  readonly #replicas: OperatorLife[] = [];
  #generation = 0;
  #lives = 0;

  constructor(options: ReplicaSetOptions) {
    this.#options = options;
    for (let index = 0; index < options.count; index += 1) this.#place(index);
  }

  /** The number of lives so far. */
  get lives(): number {
    return this.#lives;
  }

  get alive(): readonly OperatorLife[] {
    return this.#replicas.filter(({ life }) => !life.isOver);
  }

  /** Kills a replica, which begins again soon. */
  kill(index: number, how: string): void {
    const replica = this.#replicas[index];
    if (replica !== undefined) this.killLife(replica.life, how);
  }

  killLife(life: Life, how: string): void {
    const index = this.#replicas.findIndex((each) => each.life === life);
    const replica = this.#replicas[index];
    if (replica === undefined || life.isOver) {
      life.end();
      return;
    }
    this.#options.note(`replica ${index} is killed ${how}`);
    replica.kill();
    this.#options.time.after(RESTART_MS, () => {
      this.#beginAgain(index);
    });
  }

  killAll(): void {
    for (const replica of this.#replicas) replica.kill();
  }

  restart(index: number, graceSeconds: number): void {
    const replica = this.#replicas[index];
    if (replica === undefined || replica.life.isOver) return;
    this.#options.note(`replica ${index} is asked to stop`);
    this.#stop(replica, graceSeconds, () => {
      this.#beginAgain(index);
    });
  }

  pause(index: number, ms: number): void {
    this.#replicas[index]?.life.pause(ms);
  }

  /** Calls `act` with the life of a replica. */
  withLife(index: number, act: (life: Life) => void): void {
    const replica = this.#replicas[index];
    if (replica !== undefined) act(replica.life);
  }

  /** Starts a new replica, and stops an old one once the new one works, until all are new. */
  rollOut(graceSeconds: number): void {
    this.#generation += 1;
    this.#replaceNext({ graceSeconds, index: 0, generation: this.#generation });
  }

  #replaceNext(rollout: { readonly graceSeconds: number; readonly index: number; readonly generation: number }): void {
    const { graceSeconds, index, generation } = rollout;
    // A later rollout goes on instead.
    if (index >= this.#replicas.length || generation !== this.#generation) return;
    const fresh = this.#begin();
    const look = (looks: number): void => {
      if (fresh.life.isOver) {
        this.#replaceNext(rollout);
        return;
      }
      if (!fresh.isWorking && looks < MAX_LOOKS) {
        this.#options.time.after(LOOK_MS, () => {
          look(looks + 1);
        });
        return;
      }
      const old = this.#replicas[index];
      this.#replicas[index] = fresh;
      const next = (): void => {
        this.#replaceNext({ ...rollout, index: index + 1 });
      };
      if (old === undefined || old.life.isOver) next();
      else this.#stop(old, graceSeconds, next);
    };
    look(0);
  }

  #stop(replica: OperatorLife, graceSeconds: number, then: () => void): void {
    replica
      .stop(graceSeconds)
      .then((isInOrder) => {
        if (isInOrder) then();
      })
      .catch((error: unknown) => {
        this.#options.onFault(`the operator does not stop in good order: ${String(error)}`);
      });
  }

  #beginAgain(index: number): void {
    if (this.#replicas[index]?.life.isOver === true) this.#place(index);
  }

  #place(index: number): void {
    const replica = this.#begin();
    this.#replicas[index] = replica;
    // Its first request killed it, before it had its place.
    if (!replica.life.isOver) return;
    this.#options.time.after(RESTART_MS, () => {
      this.#beginAgain(index);
    });
  }

  #begin(): OperatorLife {
    this.#lives += 1;
    const instance = `hallmark-${this.#generation}-${this.#lives}`;
    const { note, onFault, random } = this.#options;
    note(`${instance} begins`);
    const made: OperatorLife = new OperatorLife({
      ...this.#options,
      instance,
      random: random(),
      onExit: () => {
        this.killLife(made.life, 'since its work outlasts the lease');
      },
      onCrash: (error) => {
        onFault(`${instance} cannot start: ${String(error)}`);
      },
    });
    return made;
  }
}
