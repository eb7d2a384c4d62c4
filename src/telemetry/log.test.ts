// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { SecretValue } from '../runtime/secret-value.ts';
import { createLogger, type LogLevel } from './log.ts';

describe('the log', () => {
  it('is one JSON object a line with time, level, message and fields', () => {
    const { logger, lines } = setup();
    logger.info('record stored', { key: 'team-a/bake', attempts: 2 });
    logger.error('a message\nin two lines');
    const [first, second] = lines();
    assert.equal(lines().length, 2);
    assert.ok(!Number.isNaN(Date.parse(String(first?.['time']))));
    assert.deepEqual(
      { ...first, time: undefined },
      {
        time: undefined,
        level: 'info',
        message: 'record stored',
        key: 'team-a/bake',
        attempts: 2,
      },
    );
    assert.equal(second?.['message'], 'a message\nin two lines');
  });

  it('leaves out what is less important than its level', () => {
    const { logger, lines } = setup('warn');
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level](level);
    assert.deepEqual(
      lines().map(({ message }) => message),
      ['error', 'warn'],
    );
  });

  it('adds bound fields to each message', () => {
    const { logger, lines } = setup();
    logger.with({ controller: 'run' }).with({ key: 'a' }).info('reconciled', { key: 'b' });
    assert.deepEqual([lines()[0]?.['controller'], lines()[0]?.['key']], ['run', 'b']);
  });

  it('shows an error as its name, message and causes', () => {
    const { logger, lines } = setup();
    const error = new TypeError('cannot sign', { cause: new Error('key is broken') });
    logger.warn('failed', { error });
    assert.equal(lines()[0]?.['error'], 'TypeError: cannot sign; because Error: key is broken');
  });

  it('shows no secret, neither in a wrapper nor under a telling name', () => {
    const { logger, text } = setup();
    logger.info('read', {
      secret: new SecretValue('hunter2'),
      nested: { deep: new SecretValue('hunter2') },
      password: 'hunter2',
      identityToken: 'hunter2',
      Authorization: 'Bearer hunter2',
    });
    assert.equal(text().includes('hunter2'), false);
    assert.equal(text().match(/\[redacted\]/g)?.length, 5);
  });

  it('survives fields that JSON cannot hold', () => {
    const { logger, lines } = setup();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    logger.info('big', { count: 12n });
    logger.info('circle', { circle });
    assert.equal(lines()[0]?.['count'], '12');
    assert.equal(lines()[1]?.['message'], 'circle');
  });
});

function setup(level: LogLevel = 'info') {
  const stream = new PassThrough();
  let written = '';
  stream.on('data', (chunk: Buffer) => {
    written += chunk.toString('utf8');
  });
  const text = (): string => {
    const pending: unknown = stream.read();
    if (Buffer.isBuffer(pending)) written += pending.toString('utf8');
    return written;
  };
  const lines = (): Readonly<Record<string, unknown>>[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Readonly<Record<string, unknown>> => {
        const parsed: unknown = JSON.parse(line);
        assert.ok(typeof parsed === 'object' && parsed !== null);
        return { ...parsed };
      });
  return { logger: createLogger({ level, stream }), lines, text };
}
