// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ContractSubject } from './driver.contract.ts';
import type { StorageDriver } from '../driver.ts';
import { readBack } from './read-back.contract.ts';

/** A driver whose connection fails at one request. */
export interface Interruption {
  readonly driver: StorageDriver;
  /** Stop the proxy between the driver and its server. @returns true if the driver made that request */
  end(): Promise<boolean>;
}

const never = new AbortController().signal;
/** More requests than any driver needs for one artifact, so that a driver that never ends does not hang the test. */
const MAX_REQUESTS = 40;

/** A `put` that is interrupted between any two requests, and the next `put` after a restart of the operator. */
export function describeInterruptions(subject: ContractSubject): void {
  const { interrupted, copies } = subject;
  if (interrupted === undefined || copies === undefined) return;

  for (const lost of ['Request', 'Answer'] as const) {
    const when = lost === 'Request' ? 'before the server receives it' : 'before its response arrives';
    it(`stores once after an interruption at any of its requests, ${when}`, async () => {
      let broken = 0;
      for (let request = 0; request < MAX_REQUESTS; request += 1) {
        const { run, attestation } = await subject.fixture();
        const interruption: Interruption = await interrupted(request, lost);
        const outcome: string = await interruption.driver.put(attestation, run, never).then(
          () => 'Stored',
          () => 'Broken',
        );
        await interruption.driver.close?.();
        const came: boolean = await interruption.end();
        const driver = subject.driver();
        const [location] = await driver.put(attestation, run, never);
        assert.ok(location);
        assert.equal(await copies(run, attestation), 1, `after request ${request}`);
        assert.deepEqual(await driver.get(location, never, run), readBack(subject, attestation));
        if (came) broken += 1;
        else assert.equal(outcome, 'Stored');
        if (!came) break;
      }
      assert.ok(broken > 0 && broken < MAX_REQUESTS, `${broken} requests`);
    });
  }
}
