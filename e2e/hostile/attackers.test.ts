// SPDX-License-Identifier: Apache-2.0
import { after, before, describe, it } from 'node:test';
import { Arena, type Attack } from './arena.ts';
import { lastLook, readerAttacks } from './attackers/reader.ts';
import { recordWriterAttacks } from './attackers/record-writer.ts';
import { runAuthorAttacks } from './attackers/run-author.ts';
import { serverAttacks } from './attackers/server.ts';
import { tenantAttacks } from './attackers/tenant.ts';

const attackers: Readonly<Record<string, readonly Attack[]>> = {
  'a tenant': tenantAttacks,
  'the author of a run': runAuthorAttacks,
  'a server': serverAttacks,
  'a writer of records, without the admission policy': recordWriterAttacks,
  'a reader of logs, metrics and Events': readerAttacks,
};

describe('attackers, while an honest team signs a run every half second', () => {
  let arena: Arena;
  before(async () => {
    arena = await Arena.start();
  });
  after(async () => {
    process.stdout.write(`${arena.table()}\n`);
    await arena.stop();
  });

  describe('at the same time', { concurrency: 2 }, () => {
    for (const [attacker, attacks] of Object.entries(attackers)) {
      describe(attacker, { concurrency: 2 }, () => {
        for (const attack of attacks) it(attack.title, () => arena.suffer(attacker, attack));
      });
    }
  });

  describe('a reader, in the end', () => {
    for (const attack of lastLook) it(attack.title, () => arena.suffer('a reader, in the end', attack));
  });

  it('are not felt by the honest team, whose p99 stays within twice what it is quietly', () => arena.assertUnfelt());
  it('leave the operator alive, within the memory of the chart', () => arena.bed.assertUnharmed());
});
