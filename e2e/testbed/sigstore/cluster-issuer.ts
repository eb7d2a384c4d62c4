// SPDX-License-Identifier: Apache-2.0
import type { ControlPlane } from '../control-plane/control-plane.ts';
import type { TokenIssuer } from './fulcio.ts';

/** The API server as an issuer of ServiceAccount tokens, once everybody may read its discovery documents, as Fulcio must. */
export async function clusterIssuer(plane: ControlPlane): Promise<TokenIssuer> {
  const binding = ['create', 'clusterrolebinding', 'issuer-discovery'];
  const role = '--clusterrole=system:service-account-issuer-discovery';
  await plane.kubectl([...binding, role, '--group=system:unauthenticated']);
  return { url: plane.url, caFile: plane.caFile };
}
