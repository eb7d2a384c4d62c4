// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ContractSubject } from './driver.contract.ts';
import type { StorageDriver } from '../driver.ts';
import type { StorageReason } from '../storage-error.ts';

/** A driver in a situation, and the expected result of its probe. */
export interface ProbeSituation {
  /** Make a driver in this situation. */
  driver(): StorageDriver | Promise<StorageDriver>;
  readonly reason: StorageReason;
  /** A pattern that names the object and the remedy. */
  readonly message: RegExp;
}

/** The situations that exist for a store. */
export interface ProbeSituations {
  /** False if only a run names the server: Tekton's annotations, registries of images. */
  readonly seesServer?: boolean;
  /** Credentials that the server refuses. */
  readonly unauthorized?: ProbeSituation;
  /** The bucket, database, topic or project does not exist. Absent if nothing has to exist beforehand. */
  readonly missing?: ProbeSituation;
  /** Credentials that may read and not write. Absent if the store cannot tell without a write. */
  readonly readOnly?: ProbeSituation;
  /** A reference of the backend (Secret, ConfigMap) that is missing or unusable. */
  readonly misconfigured?: ProbeSituation;
}

const never = new AbortController().signal;
const TITLES = {
  unauthorized: 'credentials that its server refuses',
  missing: 'what does not exist on its server',
  readOnly: 'credentials that may only read',
  misconfigured: 'a reference that cannot be used',
} as const;

/** The situations that a probe distinguishes without writing. */
export function describeProbe(subject: ContractSubject): void {
  it('is ready when its server answers', async () => {
    const { run, attestation } = await subject.fixture();
    const before = await subject.contents(run, attestation);
    assert.deepEqual(await subject.driver().probe(never), { ready: true });
    assert.equal(await subject.contents(run, attestation), before);
  });

  const { seesServer = true, ...situations } = subject.probe ?? {};
  if (seesServer) {
    it('is not ready while its server cannot be reached, and ready again afterwards', async () => {
      await subject.whileUnreachable(async () => {
        const { ready, reason } = await subject.driver().probe(never);
        assert.deepEqual({ ready, reason }, { ready: false, reason: 'BackendUnavailable' });
      });
      assert.deepEqual(await subject.driver().probe(never), { ready: true });
    });
  }

  for (const key of ['unauthorized', 'missing', 'readOnly', 'misconfigured'] as const) {
    const situation = situations[key];
    if (situation === undefined) continue;
    it(`tells ${TITLES[key]} from the other ways of not being ready`, async () => {
      const driver = await situation.driver();
      const { ready, reason, message = '' } = await driver.probe(never);
      assert.deepEqual({ ready, reason }, { ready: false, reason: situation.reason }, message);
      assert.match(message, situation.message);
      await driver.close?.();
    });
  }
}
