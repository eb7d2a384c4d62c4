// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { effectiveSigningPolicySpec } from '../../api/v1alpha1/signing-policy/defaults.ts';
import { TokenError } from '../../credentials/token-source.ts';
import { OutboundDoor } from '../../net/outbound-door.ts';
import type { PolicyDefinition } from '../../pipelines/definitions.ts';
import { systemClock } from '../../runtime/clock.ts';
import { TransparencyError } from '../../transparency/transparency-error.ts';
import { TrustedRoots } from '../../trust/trusted-roots.ts';
import { TufMirror } from '../../trust/tuf-mirror.fixture.ts';
import { TestSigner } from '../../verify/test-signer.fixture.ts';
import { PolicyWitnesses } from './policy-witnesses.ts';

const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const access = {
  objects: { getSecret: nothing, getConfigMap: nothing, getServiceAccount: nothing },
  tokens: { token: () => Promise.reject(new TokenError('Forbidden', 'this test has no ServiceAccounts')) },
  door: new OutboundDoor({ allow: [] }),
  clock: systemClock,
};
const signer = { type: 'Key', key: { secretRef: { name: 'k' } } } as const;

function witnesses(logs: readonly string[]): PolicyWitnesses {
  return new PolicyWitnesses({ access, roots: new TrustedRoots(access), logs });
}

function policyWith(url: string): Pick<PolicyDefinition, 'spec'> {
  return { spec: effectiveSigningPolicySpec({ signer, transparency: { type: 'Rekor', rekor: { url } } }, '') };
}

describe('PolicyWitnesses', () => {
  it('has nothing against a policy whose log the configuration lists', () => {
    assert.equal(
      witnesses(['https://rekor.team.example']).problem(policyWith('https://rekor.team.example/')),
      undefined,
    );
  });

  it('knows before any run that a log is not allowed, and says who can allow it', () => {
    for (const logs of [[], ['https://rekor.team.example']]) {
      const problem = witnesses(logs).problem(policyWith('https://rekor.sigstore.dev'));
      assert.equal(problem?.reason, 'EndpointForbidden');
      assert.match(problem.message, /rekor\.sigstore\.dev.*administrator.*"transparency\.logs"/);
    }
  });

  it('tells what is away, and comes back by itself, from what somebody has to mend', async () => {
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

  it('has nothing against a policy without a log', () => {
    assert.equal(witnesses([]).problem({ spec: effectiveSigningPolicySpec({ signer }, '') }), undefined);
  });
});
