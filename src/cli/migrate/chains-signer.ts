// SPDX-License-Identifier: Apache-2.0
import type { ChainsConfig } from './chains-config.ts';
import {
  hostOf,
  type HelmValue,
  type MigratedPart,
  type MigrationScope,
  reach,
  secretsNamespace,
  type Unmigrated,
} from './migration.ts';

/** The ServiceAccount that signs without a key of its own, or logs in. */
const SIGNER_ACCOUNT = 'chains-signer';
const KMS_SECRET = 'chains-kms';

/** `spec.signer` for a signer of Chains. */
export function migratedSigner(
  config: ChainsConfig,
  signer: 'x509' | 'kms',
  scope: MigrationScope,
): MigratedPart | Unmigrated {
  if (signer === 'kms') return kmsSigner(config, scope);
  return config.flag('signers.x509.fulcio.enabled') ? keylessSigner(config, scope) : keySigner();
}

function keySigner(): MigratedPart {
  const name = 'signing-secrets';
  const secret = { name, entry: 'x509.pem, or cosign.key and cosign.password', source: `Secret ${name} of Chains` };
  return { spec: { type: 'Key', key: { secretRef: { name } } }, secrets: [secret] };
}

function keylessSigner(config: ChainsConfig, scope: MigrationScope): MigratedPart | Unmigrated {
  if (config.text('transparency.enabled') !== 'true')
    return {
      problem:
        'a certificate of Fulcio needs a witness of the time: set transparency.enabled to true, or write spec.transparency.timestampAuthorities yourself',
    };
  const url = config.text('signers.x509.fulcio.address');
  const namespace = secretsNamespace(scope);
  const account = `system:serviceaccount:${namespace}:${SIGNER_ACCOUNT}`;
  const host = hostOf(url);
  return {
    spec: { type: 'Keyless', keyless: { fulcioURL: url, serviceAccountName: SIGNER_ACCOUNT } },
    serviceAccounts: [SIGNER_ACCOUNT],
    advice: [
      `certificates name ServiceAccount ${account} from now on, and no longer that of Chains: have verifiers accept both identities until evidence of Chains is not verified any more`,
    ],
    values: [...(host === undefined ? [] : [tokenFor('sigstore', host)]), ...reach(url)],
  };
}

function kmsSigner(config: ChainsConfig, scope: MigrationScope): MigratedPart | Unmigrated {
  const uri = config.text('signers.kms.kmsref');
  if (!/^(awskms|gcpkms|azurekms|hashivault|openbao):\/\/\S+$/.test(uri))
    return {
      problem: `signers.kms.kmsref "${uri}" is not a key that Hallmark knows: use awskms://, gcpkms://, azurekms://, hashivault:// or openbao://; plugins have no counterpart`,
    };
  return /^(hashivault|openbao):/.test(uri) ? vaultSigner(config, uri, scope) : cloudSigner(uri, scope);
}

function cloudSigner(uri: string, { namespace }: MigrationScope): MigratedPart {
  if (namespace === undefined)
    return {
      spec: { type: 'KMS', kms: { uri } },
      advice: [
        "the operator signs with its own cloud identity: give its ServiceAccount the role that Chains' has (docs/signers.md)",
      ],
    };
  const secret = { name: KMS_SECRET, entry: 'static credentials of the cloud (docs/signers.md)', source: 'your cloud' };
  return {
    spec: { type: 'KMS', kms: { uri, secretRef: { name: KMS_SECRET } } },
    secrets: [secret],
    advice: ['signer.kms.serviceAccountName, instead of secretRef, needs no Secret (docs/signers.md)'],
  };
}

function vaultSigner(config: ChainsConfig, uri: string, scope: MigrationScope): MigratedPart | Unmigrated {
  const address = config.text('signers.kms.auth.address');
  const role = config.text('signers.kms.auth.oidc.role');
  const path = config.text('signers.kms.auth.oidc.path');
  if (address === '' && scope.namespace !== undefined)
    return { problem: 'signers.kms.auth.address is not set: give the address of the server' };
  const server = address === '' ? {} : { address };
  if (config.uses('vaultRole')) {
    const authentication = { method: 'JWT', role, path };
    const host = hostOf(address);
    return {
      spec: { type: 'KMS', kms: { uri, serviceAccountName: SIGNER_ACCOUNT, vault: { ...server, authentication } } },
      serviceAccounts: [SIGNER_ACCOUNT],
      advice: [
        `bind the role ${role} to ServiceAccount ${secretsNamespace(scope)}/${SIGNER_ACCOUNT} and the audience vault`,
      ],
      values: [...(host === undefined ? [] : [tokenFor('vault', host)]), ...reach(address)],
    };
  }
  const token = config.text('signers.kms.auth.token');
  const file = config.text('signers.kms.auth.token-path');
  const inline = file === '' && token !== '';
  const source = inline ? 'signers.kms.auth.token' : file === '' ? 'your server' : `file ${file} of the pod of Chains`;
  return {
    spec: { type: 'KMS', kms: { uri, secretRef: { name: KMS_SECRET }, ...(address === '' ? {} : { vault: server }) } },
    secrets: [{ name: KMS_SECRET, entry: 'token', source, ...(inline ? { value: token } : {}) }],
    values: reach(address),
  };
}

function tokenFor(audience: string, host: string): HelmValue {
  return { type: 'Token', audience, host, account: SIGNER_ACCOUNT };
}
