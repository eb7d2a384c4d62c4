// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expandReferences } from './environment.ts';

describe('expandReferences', () => {
  const variables = { HOST: 'localhost', PORT: '80' };

  it('replaces references to known variables', () => {
    assert.equal(expandReferences('http://$(HOST):$(PORT)/', variables), 'http://localhost:80/');
  });

  it('leaves references to unknown variables and shell variables as they are', () => {
    assert.equal(expandReferences('$(NOBODY) $HOST ${HOST} $(cat x)', variables), '$(NOBODY) $HOST ${HOST} $(cat x)');
  });

  it('takes two dollars for an escaped one', () => {
    assert.equal(expandReferences('$$(HOST)', variables), '$(HOST)');
  });
});
