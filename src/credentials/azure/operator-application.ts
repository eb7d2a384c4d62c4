// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import type { Application } from './application-token.ts';
import { authorityOf } from './authority.ts';
import { CredentialError } from '../credential-error.ts';

export interface OperatorApplicationOptions {
  readonly tenantID?: string | undefined;
  readonly clientID?: string | undefined;
  readonly authorityHost?: string | undefined;
}

/**
 * The application that the operator's pod is bound to by Azure's workload identity webhook: its variables, and its token in a file.
 * Undefined without them. The library's default chain is not used: it also runs commands and reads files of a developer's machine.
 */
export function operatorApplication(options: OperatorApplicationOptions): Application | undefined {
  const { AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_AUTHORITY_HOST } = process.env;
  const tenantID = options.tenantID ?? AZURE_TENANT_ID;
  const clientID = options.clientID ?? AZURE_CLIENT_ID;
  if (AZURE_FEDERATED_TOKEN_FILE === undefined || tenantID === undefined || clientID === undefined) return undefined;
  return {
    name: "the operator's ServiceAccount",
    remedy: `add a federated credential with the cluster's issuer and the operator's subject to application "${clientID}"`,
    authority: authorityOf(options.authorityHost ?? AZURE_AUTHORITY_HOST),
    tenantID,
    clientID,
    proof: { type: 'Assertion', assertion: () => projectedToken(AZURE_FEDERATED_TOKEN_FILE) },
  };
}

/** Read each time: the kubelet renews it. */
async function projectedToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    throw new CredentialError(
      'Unavailable',
      `the operator cannot read its token of AZURE_FEDERATED_TOKEN_FILE, ${file}`,
    );
  }
}
