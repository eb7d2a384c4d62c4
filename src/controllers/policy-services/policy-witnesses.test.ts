// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import type { SigningPolicySpec } from '../../api/v1alpha1/signing-policy/schema.ts';
import { EgressClient } from '../../net/egress-client.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { systemClock } from '../../runtime/clock.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { TufMirror } from '../../trust/tuf-mirror.fixture.ts';
import { TestSigner } from '../../verify/test-signer.fixture.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';
import { CredentialError } from '../../credentials/credential-error.ts';

const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const access = {
  objects: { getSecret: nothing, getTypedSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
  tokens: { token: () => Promise.reject(new CredentialError('Forbidden', 'this test has no ServiceAccounts')) },
  egress: new EgressClient({ allow: [] }),
  clock: systemClock,
};
const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;

function witnesses(logs: readonly string[]): PolicyWitnesses {
  return new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs });
}

const never = new AbortController().signal;

function policyWith(url: string, trustedRoot?: SigningPolicySpec['trustedRoot']): PolicyDefinition {
  const root = trustedRoot === undefined ? {} : { trustedRoot };
  const spec = effectiveSigningPolicySpec({ signer, transparency: { type: 'Rekor', rekor: { url } }, ...root }, '');
  const name = { kind: 'SigningPolicy', namespace: 'team-a', name: 'builds' } as const;
  return { ...name, uid: 'p', generation: 1, homeNamespace: 'team-a', spec };
}

describe('PolicyWitnesses', () => {
  it('accepts a policy whose log the configuration lists', async () => {
    const policy = policyWith('https://rekor.team.example/');
    assert.equal(await witnesses(['https://rekor.team.example']).problem(policy, never), undefined);
  });

  it('reports a missing trusted root and the remedy before any run', async () => {
    const policy = policyWith('https://rekor.team.example/', { type: 'ConfigMap', configMap: { name: 'root' } });
    const problem = await witnesses(['https://rekor.team.example']).problem(policy, never);
    assert.equal(problem?.reason, 'VerificationFailed');
    assert.match(problem.message, /ConfigMap team-a\/root .*create it/);
  });

  it('does not wait for a trusted root that hangs', async () => {
    const objects = { ...access.objects, getConfigMap: () => new Promise<undefined>(() => undefined) };
    const hanging = { ...access, objects };
    const logs = ['https://rekor.team.example'];
    const subject = new PolicyWitnesses({ access: hanging, roots: new TrustedRoots(hanging), logs, lookMs: 20 });
    const policy = policyWith('https://rekor.team.example/', { type: 'ConfigMap', configMap: { name: 'root' } });
    const problem = await subject.problem(policy, never);
    assert.equal(problem?.reason, 'TransparencyLogUnavailable');
    assert.match(problem.message, /SigningPolicy team-a\/builds did not come/);
  });

  it('reports a forbidden log before any run, and who can allow it', async () => {
    for (const logs of [[], ['https://rekor.team.example']]) {
      const problem = await witnesses(logs).problem(policyWith('https://rekor.sigstore.dev'), never);
      assert.equal(problem?.reason, 'EndpointForbidden');
      assert.match(problem.message, /rekor\.sigstore\.dev.*administrator.*"transparency\.logs"/);
    }
  });

  it('separates sources that are unavailable from those that need a change', async () => {
    const away = { ...access, objects: { ...access.objects, getConfigMap: () => Promise.reject(new Error('away')) } };
    const configMap = { type: 'ConfigMap', configMap: { name: 'root' } } as const;
    const mirror = await TufMirror.start();
    const initialRoot = { 'root.json': mirror.rotate() };
    const closed = { ...access, objects: { ...access.objects, getConfigMap: () => Promise.resolve(initialRoot) } };
    const tuf = { type: 'TUF', tuf: { mirror: mirror.url, rootRef: { name: 'tuf' } } } as const;
    const rows = [
      [access, configMap, 'VerificationFailed', /ConfigMap team-a\/root .*create it/],
      [away, configMap, 'TimestampAuthorityUnavailable', /ConfigMap team-a\/root .*cannot be read/],
      [closed, tuf, 'EndpointForbidden', /127\.0\.0\.1/],
    ] as const;
    for (const [given, trustedRoot, reason, message] of rows) {
      const directory = mkdtempSync(join(tmpdir(), 'hallmark-witnesses-'));
      const roots = new TrustedRoots(given, { cacheDirectory: directory });
      const url = 'https://tsa.example';
      const transparency = { timestampAuthorities: [{ url }] };
      const spec = effectiveSigningPolicySpec({ signer, transparency, trustedRoot }, '');
      const policy = { kind: 'SigningPolicy', namespace: 'team-a', name: 'p', uid: 'u', generation: 1 } as const;
      const of = new PolicyWitnesses({ access: given, roots, logs: [] }).of({
        ...policy,
        homeNamespace: 'team-a',
        spec,
      });
      const testSigner = new TestSigner();
      const artifact = testSigner.artifact(testSigner.envelope());
      await assert.rejects(of.timestamps(artifact, new AbortController().signal), (error) => {
        assert.ok(error instanceof TransparencyError);
        assert.match(error.message, message);
        assert.equal(error.reason, reason);
        return true;
      });
      rmSync(directory, { recursive: true, force: true });
    }
    await mirror.down();
  });

  it('accepts a policy without a log', async () => {
    const policy = { ...policyWith('https://rekor.team.example'), spec: effectiveSigningPolicySpec({ signer }, '') };
    assert.equal(await witnesses([]).problem(policy, never), undefined);
  });
});
