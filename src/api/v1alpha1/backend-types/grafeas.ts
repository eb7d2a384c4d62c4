// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { matchesRule } from '../fields/cel-rule.ts';
import { has } from '../../../json/fields.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { googleAuthentication, plainEndpointRule } from './cloud-authentication.ts';
import { googleProject } from './cloud-names.ts';
import { tls } from './tls.ts';

const noteID = /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,88}[A-Za-z0-9])?$/;

const knownToGoogle: CelRule = {
  rule: 'has(self.endpoint) || has(self.authentication)',
  message: 'authentication must be set unless endpoint names a server of your own',
  holds: (self) => has(self, 'endpoint') || has(self, 'authentication'),
};

/** `spec.grafeas` of both backend kinds. */
export const grafeas = Type.Object(
  {
    projectID: googleProject('Project that holds notes and occurrences. It must exist.'),
    noteID: Type.Optional(
      Type.String({
        description:
          'Prefix of the notes, tekton-NAMESPACE of the run by default. A hash of namespace and policy follows it.',
        minLength: 1,
        maxLength: 90,
        'x-kubernetes-validations': [matchesRule(noteID, "must be a note's ID: letters, digits, '.', '_' and '-'")],
      }),
    ),
    noteHint: Type.Optional(
      Type.String({
        description: 'What people read in the note of image signatures.',
        minLength: 1,
        maxLength: 1024,
      }),
    ),
    apiVersion: Type.Optional(
      Type.Enum(['v1', 'v1beta1'], {
        description:
          "Version of the API: v1 (the default) as Container Analysis has it, v1beta1 for Grafeas' own server.",
      }),
    ),
    endpoint: Type.Optional(httpURL('Endpoint of the REST API, https://containeranalysis.googleapis.com by default.')),
    authentication: Type.Optional(googleAuthentication),
    tls: Type.Optional(tls),
  },
  {
    description: 'Settings of the type Grafeas.',
    'x-kubernetes-validations': [knownToGoogle, plainEndpointRule('endpoint')],
  },
);

export type GrafeasSpec = Immutable<Static<typeof grafeas>>;
