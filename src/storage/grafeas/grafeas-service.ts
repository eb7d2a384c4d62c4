// SPDX-License-Identifier: Apache-2.0
import type { WithEffectiveTls } from '../../api/v1alpha1/backend-types/effective-tls.ts';
import type { GrafeasSpec } from '../../api/v1alpha1/backend-types/grafeas.ts';
import type { Access } from '../../credentials/access.ts';
import type { BackendDefinition } from '../backend-definition.ts';
import { googleService } from '../http/google-service.ts';
import type { RestService } from '../http/rest-service.ts';

const CONTAINER_ANALYSIS = 'https://containeranalysis.googleapis.com';

export interface GrafeasService {
  readonly rest: RestService;
  /** `host` or `host:port`, for locations. */
  readonly host: string;
}

/** The Grafeas API of a backend: Container Analysis, or the backend's own server. */
export function grafeasService(
  backend: BackendDefinition,
  settings: WithEffectiveTls<GrafeasSpec>,
  access: Access,
): GrafeasService {
  const { authentication, tls, endpoint = CONTAINER_ANALYSIS } = settings;
  const rest = googleService(
    {
      backend,
      endpoint,
      authentication,
      tls,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      remedies: {
        unauthorized:
          'grant containeranalysis.notes.create, notes.list, notes.listOccurrences, notes.attachOccurrence, occurrences.create and occurrences.get in the project',
        missing: 'the project does not exist there: create it, or correct grafeas.projectID and grafeas.apiVersion',
      },
    },
    access,
  );
  return { rest, host: new URL(endpoint).host };
}
