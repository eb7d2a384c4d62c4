// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ProvenanceRecordStatus } from '../../api/v1alpha1/provenance-record/schema.ts';
import { isNewlyStored } from './newly-stored.ts';

type State = 'Verified' | 'Failed';

function status(stored: 'True' | 'False', verification?: State): ProvenanceRecordStatus {
  const time = '2026-01-01T00:00:00Z';
  const condition = {
    type: 'Stored',
    status: stored,
    reason: 'Stored',
    message: '',
    lastTransitionTime: time,
  } as const;
  const entry = { backendRef: { kind: 'StorageBackend', name: 'b' }, state: 'Stored' } as const;
  const read = verification === undefined ? {} : { verification: { state: verification } };
  return { conditions: [condition], storage: [{ ...entry, ...read }] };
}

describe('a record is newly stored', () => {
  it('when the last of its backends holds the evidence, whether others were read back already or not', () => {
    assert.equal(isNewlyStored(undefined, status('True')), true);
    assert.equal(isNewlyStored(status('False'), status('True')), true);
    assert.equal(isNewlyStored(status('False', 'Verified'), status('True', 'Verified')), true);
  });

  it('not while one is missing, when it was before, or when what was lost is stored again', () => {
    assert.equal(isNewlyStored(status('False'), status('False')), false);
    assert.equal(isNewlyStored(status('True'), status('True', 'Verified')), false);
    assert.equal(isNewlyStored(status('False', 'Failed'), status('True', 'Verified')), false);
  });
});
