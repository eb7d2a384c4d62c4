// SPDX-License-Identifier: Apache-2.0

/** Tells what a demo is doing, how long it has been at it, and what the commands printed. */
export class Narrator {
  readonly #began = performance.now();
  readonly #steps: number;
  #step = 0;

  /** @param steps how many times `step` will be called */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** Seconds since the start. */
  get seconds(): number {
    return Math.round((performance.now() - this.#began) / 1000);
  }

  step(text: string): void {
    this.#step += 1;
    console.log(`\n[${this.#step}/${this.#steps}, ${this.seconds} s] ${text}`);
  }

  /** A command as a user would type it, and what it printed. */
  command(commandLine: string, output = ''): void {
    console.log(`  $ ${commandLine}`);
    const text = output.trimEnd();
    if (text !== '') console.log(text.replace(/^/gm, '    '));
  }

  say(text: string): void {
    console.log(`  ${text}`);
  }
}
