// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LogEntry } from '../../src/evidence/artifact.ts';
import type { ProxiedAnswer } from '../testbed/fault-proxy/fault.ts';
import { never, SigstoreBed, transparencyError } from './sigstore-bed.ts';

let bed: SigstoreBed;

before(async () => {
  bed = await SigstoreBed.start({ rekorV1: true, rekorV2: true });
});
after(() => bed.stop());

describe('an answer of Rekor v1 that is lost on the way', () => {
  it('is asked for again, and nothing is logged twice', async () => {
    const proxy = await bed.proxy(bed.stack.rekorV1.url);
    const context = bed.context({ proxies: [proxy] });
    const artifact = await bed.signed('InTotoStatement');
    const testify = (): Promise<LogEntry> =>
      bed.log(1, { url: proxy.url }, context).testify(artifact, bed.trustedRoot, never);
    proxy.fail({ type: 'LostAnswer' }, { times: 1 });
    assert.equal((await transparencyError(testify())).reason, 'TransparencyLogUnavailable');
    const first = await testify();
    assert.equal((await testify()).logIndex, first.logIndex);
    const [, conflict] = proxy.asked('/api/v1/log/entries').filter(({ method }) => method === 'GET');
    assert.match(conflict?.path ?? '', /^\/api\/v1\/log\/entries\/[0-9a-f]{64,80}$/);
  });

  it('is asked of the log itself, wherever its conflict points', async () => {
    const proxy = await bed.proxy(bed.stack.rekorV1.url);
    const context = bed.context({ proxies: [proxy] });
    const artifact = await bed.signed('InTotoStatement');
    const testify = (): Promise<LogEntry> =>
      bed.log(1, { url: proxy.url }, context).testify(artifact, bed.trustedRoot, never);
    const { logIndex } = await testify();
    const elsewhere = (location: string): void => {
      const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => ({
        ...answer,
        headers: { ...answer.headers, location },
      });
      proxy.fail({ type: 'Rewrite', rewrite }, { when: ({ method }) => method === 'POST' });
    };
    elsewhere('http://169.254.169.254/api/v1/log/entries/../../../x');
    assert.equal((await transparencyError(testify())).reason, 'TransparencyLogUnavailable');
    const [known] = proxy.requests.filter(({ method }) => method === 'POST');
    assert.ok(known);
    proxy.heal();
    assert.equal((await testify()).logIndex, logIndex);
  });
});

describe('a tiled log that has the entry already', () => {
  it('is not believed about what its tiles say', async () => {
    const honest = await bed.readableLog();
    const artifact = await bed.signed('InTotoStatement');
    const testify = (url: string, context: ReturnType<SigstoreBed['context']>): Promise<LogEntry> =>
      bed.log(2, { url }, context).testify(artifact, bed.trustedRoot, never);
    const { logIndex } = await testify(honest.url, bed.context({ proxies: [honest] }));
    await Promise.all(
      [1, 2].map(async () => bed.log(2).testify(await bed.signed('SimpleSigning'), bed.trustedRoot, never)),
    );
    const liar = await bed.proxy(honest.url);
    const context = bed.context({ proxies: [liar] });
    const lie = (part: string, change: (body: Buffer) => Buffer): void => {
      const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => ({ ...answer, body: change(answer.body) });
      liar.fail({ type: 'Rewrite', rewrite }, { when: ({ path }) => path.includes(part) });
    };
    const flip = (body: Buffer): Buffer =>
      Buffer.from(body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte)));
    const checkpoint = (change: (text: string) => string) => (body: Buffer) => Buffer.from(change(body.toString()));
    const lies: readonly (() => void)[] = [
      () => {
        lie('/tile/0/', flip);
      },
      () => {
        lie('/tile/0/', () => Buffer.alloc(3));
      },
      () => {
        lie('/tile/entries/', (body) => body.subarray(0, 5));
      },
      () => {
        lie(
          '/checkpoint',
          checkpoint((text) => text.replace(/.{8}\n$/, 'AAAAAAAA\n')),
        );
      },
      () => {
        lie(
          '/checkpoint',
          checkpoint((text) => text.replace(/\n\d+\n/, '\n9007199254740993\n')),
        );
      },
      () => {
        lie('/checkpoint', () => Buffer.from('no checkpoint'));
      },
      () => {
        liar.fail({ type: 'Endless' }, { when: ({ path }) => path.includes('/tile/') });
      },
    ];
    for (const begin of lies) {
      begin();
      const { reason } = await transparencyError(testify(liar.url, context));
      assert.ok(['VerificationFailed', 'TransparencyLogUnavailable'].includes(reason), reason);
    }
    liar.heal();
    assert.equal((await testify(liar.url, context)).logIndex, logIndex);
  });

  it('is waited for until a checkpoint covers the entry', async () => {
    const honest = await bed.readableLog();
    const artifact = await bed.signed('InTotoStatement');
    const old = await fetch(`${honest.url}/api/v2/checkpoint`).then((answer) => answer.text());
    await bed.log(2).testify(artifact, bed.trustedRoot, never);
    const late = await bed.proxy(honest.url);
    const rewrite = (answer: ProxiedAnswer): ProxiedAnswer => ({ ...answer, body: Buffer.from(old) });
    late.fail({ type: 'Rewrite', rewrite }, { when: ({ path }) => path.endsWith('/checkpoint') });
    const testimony = bed.log(2, { url: late.url }, bed.context({ proxies: [late] }));
    const error = await transparencyError(testimony.testify(artifact, bed.trustedRoot, never));
    assert.equal(error.reason, 'TransparencyLogUnavailable');
    assert.equal(error.retryAfterSeconds, 5);
  });
});
