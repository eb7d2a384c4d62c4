// SPDX-License-Identifier: Apache-2.0
import type { GoogleAuthentication } from '../../api/v1alpha1/backend-types/cloud-authentication.ts';
import type { EffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { Access } from '../../credentials/access.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { backendTls } from './backend-tls.ts';
import { GoogleAuthorization } from './google-authorization.ts';
import { RestService } from './rest-service.ts';
import type { RestServiceOptions } from './rest-service.ts';

export interface GoogleServiceOptions {
  readonly backend: BackendDefinition;
  readonly endpoint: string;
  /** Absent for anonymous calls. */
  readonly authentication: GoogleAuthentication | undefined;
  readonly tls: EffectiveTls;
  readonly scope: string;
  readonly remedies: RestServiceOptions['remedies'];
}

/** A JSON service of Google, or one with the same protocol, through the egress client. */
export function googleService(options: GoogleServiceOptions, access: Access): RestService {
  const { backend, endpoint, authentication, scope, tls, remedies } = options;
  const authorization =
    authentication === undefined
      ? undefined
      : new GoogleAuthorization({ backend, authentication, scope, endpoint }, access);
  return new RestService({
    egress: access.egress,
    base: endpoint,
    tls: (signal) => backendTls(backend, tls, access.objects, signal),
    authorization: async (_signal, trust) => (await authorization?.headers(trust)) ?? {},
    // The service refused the token: get a new one for the next request.
    refused: () => authorization?.refused(),
    remedies,
  });
}
