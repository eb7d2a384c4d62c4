// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brokerName, parseBroker } from './broker-address.ts';

describe('parseBroker', () => {
  const brokers = {
    'broker.example.com:9092': { host: 'broker.example.com', port: 9092 },
    '192.0.2.1:19092': { host: '192.0.2.1', port: 19092 },
    '[2001:db8::1]:9092': { host: '2001:db8::1', port: 9092 },
  };
  for (const [text, address] of Object.entries(brokers)) {
    it(`parses and formats ${text}`, () => {
      assert.deepEqual(parseBroker(text), address);
      assert.equal(brokerName(address), text);
    });
  }
});
