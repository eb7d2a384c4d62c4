// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Supervisor } from '../processes/supervisor.ts';
import { pushImage } from './push-image.ts';
import { Registry, type RegistryOptions } from './registry.ts';

const auth = { username: 'builder', password: 'planted-secret' };
const kinds: Record<string, RegistryOptions> = {
  'with the referrers API': { referrers: true },
  'with the referrers API, Basic authentication and TLS': { referrers: true, auth, tls: true },
  'without the referrers API': { referrers: false },
  'without the referrers API, with an htpasswd file': { referrers: false, auth },
  'without the referrers API, with tokens and TLS': { referrers: false, auth, token: true, tls: true },
};

describe('a registry of the testbed', () => {
  const supervisor = new Supervisor('registry-test');
  after(() => supervisor.stop());

  for (const [title, options] of Object.entries(kinds)) {
    it(`${title}: keeps its content while it is down`, async () => {
      const registry = await Registry.start(supervisor, options);
      const { digest } = await registry.pushImage('team/app');
      const path = `/v2/team/app/manifests/${digest}`;
      assert.equal((await registry.client().send(path)).status, 200);

      await registry.down();
      await assert.rejects(registry.client().send(path), { code: 'ECONNREFUSED' });
      await registry.up();
      assert.equal((await registry.client().send(path)).status, 200);
      assert.equal((await registry.client().send('/v2/team/app/manifests/latest')).status, 200);

      const referrers = await registry.client().send(`/v2/team/app/referrers/${digest}`);
      assert.equal(referrers.status === 200, options.referrers);
      await registry.stop();
    });
  }

  for (const [title, options] of Object.entries(kinds).filter(([, { auth: account }]) => account !== undefined)) {
    it(`${title}: refuses strangers and wrong passwords`, async () => {
      const registry = await Registry.start(supervisor, options);
      const wrong = { ...auth, password: 'wrong' };
      assert.equal((await registry.client(wrong).send('/v2/team/app/tags/list')).status, 401);
      const { host, caFile } = registry;
      await assert.rejects(pushImage({ host, caFile }, 'team/app'), /401/);
      await registry.stop();
    });
  }
});
