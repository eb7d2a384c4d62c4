// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { unionRule } from '../fields/cel-rule.ts';
import { httpURL } from '../fields/http-url.ts';
import type { Immutable } from '../fields/immutable.ts';
import { secretRef } from '../fields/secret-ref.ts';
import { plainEndpointRule } from './cloud-authentication.ts';
import { tls, where } from './tls.ts';

const authentication = Type.Object(
  {
    type: Type.Enum(['Secret', 'Anonymous'], {
      description: 'Credentials for the server or the proxy in front of it: from a Secret, or none.',
    }),
    secretRef: Type.Optional(
      secretRef('Secret with a bearer token as token, or a whole Authorization header as authorization.', where),
    ),
  },
  {
    description: 'How to authenticate. Anonymous by default.',
    'x-kubernetes-validations': [unionRule('type', 'Secret', 'secretRef')],
  },
);

/** `spec.archivista` of both backend kinds. */
export const archivista = Type.Object(
  {
    url: httpURL('URL of the server; /upload and /download lie below it.'),
    authentication: Type.Optional(authentication),
    tls: Type.Optional(tls),
  },
  { description: 'Settings of the type Archivista.', 'x-kubernetes-validations': [plainEndpointRule('url')] },
);

export type ArchivistaSpec = Immutable<Static<typeof archivista>>;
