// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, verify } from 'node:crypto';
import type { ProvenanceRecord } from '../../src/api/v1alpha1/provenance-record/schema.ts';
import { asManifest, at, type Manifest } from '../chart/helm.ts';
import type { Registry } from '../testbed/registry/registry.ts';

/** The envelopes of a record's attestation in the registry, read where its status says they are. */
export async function registryEnvelopes(registry: Registry, record: ProvenanceRecord): Promise<readonly unknown[]> {
  const locations = (record.status?.storage ?? []).flatMap(({ locations: found = [] }) => found);
  const attestations = locations.filter(({ uri }) => uri.replace(/#.*/, '').endsWith('.att'));
  return Promise.all(
    attestations.map(async ({ uri, digest }): Promise<unknown> => {
      const [, host, repository] = /^oci:\/\/([^/]+)\/(.+):[^:/]+$/.exec(uri) ?? [];
      if (host !== registry.host) throw new Error(`${uri} is not in the registry ${registry.host}`);
      const { status, body } = await registry.client().send(`/v2/${repository ?? ''}/blobs/${digest ?? ''}`);
      if (status !== 200) throw new Error(`${uri}: the registry answers ${status} for its layer ${digest ?? ''}`);
      return JSON.parse(body.toString('utf8'));
    }),
  );
}

/** The envelope of a run's attestation among its annotations. */
export function annotatedEnvelope(run: Manifest): unknown {
  const annotations = asManifest(at(run, 'metadata', 'annotations'));
  const key = `${String(run['kind']).toLowerCase()}-${String(at(run, 'metadata', 'uid'))}`;
  const signature = Buffer.from(String(annotations[`chains.tekton.dev/signature-${key}`]), 'base64');
  return JSON.parse(signature.toString('utf8'));
}

/** The payload of a DSSE envelope and whether its one signature is of this key (PEM). */
export function opened(envelope: unknown, publicKey: string): { readonly payload: string; readonly isSigned: boolean } {
  const type = String(at(envelope, 'payloadType'));
  const payload = Buffer.from(String(at(envelope, 'payload')), 'base64');
  const signature = Buffer.from(String(at(envelope, 'signatures', 0, 'sig')), 'base64');
  // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const isSigned = verify('sha256', signed, createPublicKey(publicKey), signature);
  return { payload: payload.toString('utf8'), isSigned };
}
