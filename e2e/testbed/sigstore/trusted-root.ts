// SPDX-License-Identifier: Apache-2.0
import { createHash, type KeyObject } from 'node:crypto';
import type { IssuedCertificate } from '../certificates/issue-certificate.ts';
import type { Fulcio } from './fulcio.ts';
import type { RekorV1 } from './rekor-v1.ts';
import type { RekorV2 } from './rekor-v2.ts';
import type { TimestampAuthority } from './timestamp-authority.ts';

/** The servers that a trusted root is about. */
export interface TrustedServers {
  readonly fulcio?: Fulcio;
  readonly rekorV1?: RekorV1;
  readonly rekorV2?: RekorV2;
  readonly timestampAuthority?: TimestampAuthority;
}

const start = new Date(Date.now() - 3_600_000).toISOString();

/** The `trusted_root.json` for exactly these servers; the chain of Fulcio is what its own API gives out. */
export async function trustedRoot(servers: TrustedServers): Promise<string> {
  const { fulcio, rekorV1, rekorV2, timestampAuthority } = servers;
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [
      ...(rekorV1 === undefined ? [] : [logOf(rekorV1.url, rekorV1.publicKey, spkiDigest(rekorV1.publicKey))]),
      ...(rekorV2 === undefined ? [] : [logOf(rekorV2.url, rekorV2.publicKey, noteKeyID(rekorV2))]),
    ],
    certificateAuthorities: fulcio === undefined ? [] : [authorityOf(fulcio.url, await trustBundle(fulcio.url))],
    ctlogs: [],
    timestampAuthorities:
      timestampAuthority === undefined
        ? []
        : [authorityOf(timestampAuthority.url, timestampAuthority.chain.map(base64))],
  };
  return JSON.stringify(root, undefined, 2);
}

/** DER certificates in base64, the issuing one first. */
async function trustBundle(fulcioURL: string): Promise<string[]> {
  const answer: unknown = await (await fetch(`${fulcioURL}/api/v2/trustBundle`)).json();
  const pems = [...JSON.stringify(answer).matchAll(/-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----/g)];
  return pems.map(([, body = '']) => body.replaceAll(String.raw`\n`, ''));
}

function authorityOf(uri: string, certificates: readonly string[]): object {
  return {
    subject: { organization: 'testbed', commonName: 'testbed' },
    uri,
    certChain: { certificates: certificates.map((rawBytes) => ({ rawBytes })) },
    validFor: { start },
  };
}

function logOf(baseUrl: string, publicKey: KeyObject, keyId: Buffer): object {
  const isEd25519 = publicKey.asymmetricKeyType === 'ed25519';
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
      keyDetails: isEd25519 ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start },
    },
    logId: { keyId: keyId.toString('base64') },
  };
}

function spkiDigest(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}

/** The key id of a signed note: a hash over the log's name, the algorithm and the raw key (C2SP signed-note). */
function noteKeyID({ origin, publicKey }: RekorV2): Buffer {
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return createHash('sha256')
    .update(Buffer.concat([Buffer.from(`${origin}\n`), Buffer.from([1]), raw]))
    .digest();
}

function base64(certificate: IssuedCertificate): string {
  return certificate.der.toString('base64');
}
