// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_BACKENDS } from '../../api/v1alpha1/provenance-record/spec.ts';
import type { BackendFact } from './record-facts.ts';
import { MAX_STORAGE_BYTES, storageEntries } from './storage-entries.ts';

/** A backend with this number of artifacts. */
function stored(locations: number, name = 'registry', uriLength = 300): BackendFact {
  return {
    backendRef: { kind: 'ClusterStorageBackend', name },
    state: 'Stored',
    artifacts: ['Attestation', 'ImageSignature'],
    locations: Array.from({ length: locations }, (_, index) => ({
      uri: `oci://registry.example.com/${index}/`.padEnd(uriLength, 'x'),
      digest: `sha256:${'0'.repeat(64)}`,
      artifact: 'image-statement-0123456789ab',
    })),
    storedTime: '2026-01-01T00:00:00Z',
    verification: { state: 'Verified' },
  };
}

const many = (count: number, of: (name: string) => BackendFact): readonly BackendFact[] =>
  Array.from({ length: count }, (_, index) => of(`${index}-`.padEnd(253, 'n')));
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

describe('storageEntries', () => {
  it('lists everything that fits', () => {
    const [entry] = storageEntries([stored(256)]);
    assert.equal(entry?.locations?.length, 256);
    assert.equal(entry.unlistedLocations, undefined);
    const three = storageEntries(many(3, (name) => stored(100, name)));
    assert.ok(
      three.every(({ locations, unlistedLocations }) => locations?.length === 100 && unlistedLocations === undefined),
    );
  });

  it('counts the locations that it leaves out, and repeats its own result unchanged', () => {
    const facts = many(16, (name) => stored(256, name));
    const entries = storageEntries(facts);
    for (const { locations = [], unlistedLocations = 0 } of entries) {
      assert.ok(locations.length > 20 && unlistedLocations > 0);
      assert.equal(locations.length + unlistedLocations, 256);
    }
    const again = facts.map((fact, index) => {
      const { locations = [], unlistedLocations = 0 } = entries[index] ?? {};
      return { ...fact, locations, unlistedLocations };
    });
    assert.deepEqual(storageEntries(again), entries);
  });

  it('lists at least one location of a backend that holds something', () => {
    const entries = storageEntries(many(2 * MAX_BACKENDS, (name) => stored(256, name, 2000)));
    assert.ok(entries.every(({ locations }) => locations?.length === 1));
  });

  it('names all missing artifacts if they fit, and none otherwise', () => {
    const missing = Array.from({ length: 256 }, (_, index) => `image-statement-${index}`.padEnd(63, 'x'));
    const fact: BackendFact = { ...stored(1), state: 'Pending', missing };
    assert.deepEqual(storageEntries([fact])[0]?.missing, missing);
    const bounded = storageEntries(many(MAX_BACKENDS, (name) => ({ ...stored(1, name), state: 'Pending', missing })));
    assert.ok(bounded.every((entry) => entry.missing === undefined));
    assert.ok(bytes(bounded) <= MAX_STORAGE_BYTES + MAX_BACKENDS, `${bytes(bounded)} bytes`);
  });

  const failure = { reason: 'BackendUnavailable', message: '€"\n'.repeat(1400) } as const;
  const worst = (name: string): BackendFact => ({
    ...stored(256, name),
    problem: failure,
    missing: ['image-statement-0123456789ab'],
    attempts: 2_147_483_647,
    nextAttemptTime: '2026-01-01T00:00:00Z',
    isBackfill: true,
    verification: { state: 'Failed', message: failure.message },
  });
  for (const count of [1, 3, 16, MAX_BACKENDS]) {
    it(`keeps the longest messages and names of ${count} backends within the limit`, () => {
      const entries = storageEntries(many(count, worst));
      assert.ok(bytes(entries) <= MAX_STORAGE_BYTES + count, `${bytes(entries)} bytes`);
      assert.ok(entries.every(({ message = '', verification }) => message.length > 50 && verification?.message !== ''));
    });
  }
});
