// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from './cel-rule.ts';
import { has } from '../../json/fields.ts';
import { labelMap } from './label-selector.ts';
import { objectName } from './object-name.ts';

const named: CelRule = {
  rule: 'has(self.name) || has(self.generateName)',
  message: 'name must be set',
  holds: (self) => has(self, 'name') || has(self, 'generateName'),
};

const anything = Type.Optional(Type.Unknown());

/** Metadata as a file carries it: what the author writes is checked, what the API server writes may be there. */
export const manifestMeta = Type.Object(
  {
    name: Type.Optional(objectName('Name of the object.')),
    generateName: Type.Optional(Type.String({ minLength: 1, maxLength: 253 })),
    namespace: Type.Optional(objectName('Namespace of the object.')),
    labels: Type.Optional(labelMap('Labels of the object.', 4096)),
    annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
    finalizers: anything,
    ownerReferences: anything,
    uid: anything,
    resourceVersion: anything,
    generation: anything,
    creationTimestamp: anything,
    deletionTimestamp: anything,
    deletionGracePeriodSeconds: anything,
    managedFields: anything,
    selfLink: anything,
  },
  { 'x-kubernetes-validations': [named] },
);
