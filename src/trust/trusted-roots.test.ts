// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TrustBed, trustedRootJson } from './trust-bed.fixture.ts';
import { TrustError } from './trust-error.ts';
import type { TrustReason } from './trust-error.ts';

const never = new AbortController().signal;
const bed = new TrustBed();
after(() => bed.stop());

const policy = { homeNamespace: 'team', description: 'SigningPolicy team/release' };
const fromConfigMap = (name: string) => ({ ...policy, spec: { type: 'ConfigMap', configMap: { name } } }) as const;

async function refused(promise: Promise<unknown>, code: TrustReason, message: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof TrustError, String(error));
    assert.equal(error.reason, code);
    assert.match(error.message, message);
    return true;
  });
}

describe('a trusted root that the policy holds or references', () => {
  it('is read inline and from a ConfigMap of the policy, without network access', async () => {
    const roots = bed.roots();
    const inline = await roots.root(
      { ...policy, spec: { type: 'Inline', inline: trustedRootJson('https://one') } },
      never,
    );
    assert.equal(inline.tlogs[0]?.baseUrl, 'https://one');
    bed.configMaps['team/root'] = { 'trusted_root.json': trustedRootJson('https://two') };
    bed.configMaps['other/root'] = { 'trusted_root.json': trustedRootJson('https://theirs') };
    assert.equal((await roots.root(fromConfigMap('root'), never)).tlogs[0]?.baseUrl, 'https://two');
  });

  it('is read again after a minute, not earlier', async () => {
    const roots = bed.roots();
    bed.configMaps['team/changing'] = { 'trusted_root.json': trustedRootJson('https://before') };
    await roots.root(fromConfigMap('changing'), never);
    bed.configMaps['team/changing'] = { 'trusted_root.json': trustedRootJson('https://after') };
    bed.reads = 0;
    await bed.clock.advance(59_000);
    assert.equal((await roots.root(fromConfigMap('changing'), never)).tlogs[0]?.baseUrl, 'https://before');
    assert.equal(bed.reads, 0);
    await bed.clock.advance(1000);
    assert.equal((await roots.root(fromConfigMap('changing'), never)).tlogs[0]?.baseUrl, 'https://after');
  });

  it('is refused if it is missing, and accepted once it exists', async () => {
    const roots = bed.roots();
    await refused(roots.root(fromConfigMap('later'), never), 'NotFound', /ConfigMap team\/later .* create it/);
    bed.configMaps['team/later'] = { 'root.json': '{}' };
    await refused(roots.root(fromConfigMap('later'), never), 'NotFound', /no entry "trusted_root.json"; add it/);
    bed.configMaps['team/later'] = { 'trusted_root.json': trustedRootJson('https://now') };
    assert.equal((await roots.root(fromConfigMap('later'), never)).tlogs.length, 1);
  });

  for (const [title, text] of Object.entries({
    'is no JSON': '{',
    'is empty': '{}',
    'is a list': '[]',
    'is null': 'null',
    'has a key that is none': trustedRootJson('https://x').replace(/"rawBytes":"[^"]*"/, '"rawBytes":"AAAA"'),
    'has a log without a key': '{"tlogs":[{"baseUrl":"https://x"}]}',
    'has a certificate that is none':
      '{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AAAA"}]}}]}',
  })) {
    it(`is refused when it ${title}`, async () => {
      const asked = bed.roots().root({ ...policy, spec: { type: 'Inline', inline: text } }, never);
      await refused(asked, 'Invalid', /trustedRoot\.inline of SigningPolicy team\/release/);
    });
  }

  it('is not read for an aborted caller', async () => {
    const asked = bed.roots().root(fromConfigMap('root'), AbortSignal.abort(new Error('given up')));
    await assert.rejects(asked, /given up/);
  });
});
