// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';

/** The fields that exchange the token of a ServiceAccount for credentials of Google Cloud. */
export const googleFederation = {
  workloadIdentityProvider: Type.Optional(
    Type.String({
      description:
        'Provider that trusts the cluster: projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME.',
      minLength: 1,
      maxLength: 1024,
    }),
  ),
  serviceAccountEmail: Type.Optional(
    Type.String({ description: 'Google service account to impersonate.', minLength: 1, maxLength: 320 }),
  ),
};
