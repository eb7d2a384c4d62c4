// SPDX-License-Identifier: Apache-2.0
import { parseCosignManifest } from '../../src/storage/oci/cosign-tags/cosign-manifest.ts';
import { SIGNATURE_ANNOTATION } from '../../src/storage/oci/cosign-tags/cosign-layer.ts';
import { asManifest, at } from '../chart/helm.ts';
import type { Build, Team } from '../harness/team.ts';
import type { WriteRequest } from './write-journal.ts';

/** Signatures in base64, by the kind of what they sign. */
export interface Signatures {
  readonly attestation: readonly string[];
  readonly image: readonly string[];
}

/** The signatures of an image in its registry: one entry for each layer of the `.att` and of the `.sig` tag. */
export async function signaturesInRegistry(team: Team, { image }: Build): Promise<Signatures> {
  const client = team.registry.client();
  const repository = image.reference.slice(team.registry.host.length + 1).split('@')[0] ?? '';
  const layers = async (suffix: 'att' | 'sig') => {
    const path = `/v2/${repository}/manifests/${image.digest.replace(':', '-')}.${suffix}`;
    const { status, body } = await client.send(path);
    return status === 404 ? [] : (parseCosignManifest(body)?.layers ?? []);
  };
  const attestation: string[] = [];
  for (const { digest } of await layers('att')) {
    const blob = await client.send(`/v2/${repository}/blobs/${digest}`);
    attestation.push(...envelopeSignatures(blob.body));
  }
  const images = (await layers('sig')).map(({ annotations }) => String(at(annotations, SIGNATURE_ANNOTATION)));
  return { attestation, image: images };
}

/** The signatures in a run's annotations. */
export function signaturesInAnnotations(run: unknown, { uid, image }: Build): Signatures {
  const annotations = asManifest(at(run, 'metadata', 'annotations') ?? {});
  const signature = (key: string): Buffer[] => {
    const value = annotations[`chains.tekton.dev/signature-${key}`];
    return typeof value === 'string' ? [Buffer.from(value, 'base64')] : [];
  };
  const imageKey = image.digest.slice('sha256:'.length, 'sha256:'.length + 12);
  return {
    attestation: signature(`taskrun-${uid}`).flatMap(envelopeSignatures),
    image: signature(imageKey).map((raw) => raw.toString('base64')),
  };
}

/** Every signature that a request to a registry or to a run's annotations carried. */
export function signaturesSent(writes: readonly WriteRequest[], build: Build): Signatures {
  const sent = writes.map(({ server, method, path, body }): Signatures => {
    const parsed = server === 'API' && !path.includes('/taskruns/') ? undefined : parseJson(body);
    if (parsed === undefined) return { attestation: [], image: [] };
    if (server === 'API') return signaturesInAnnotations(parsed, build);
    const isManifest = method === 'PUT' && path.includes('/manifests/');
    if (!isManifest) return { attestation: envelopeSignatures(body), image: [] };
    const layers = parseCosignManifest(body)?.layers ?? [];
    const image = layers.map(({ annotations }) => String(at(annotations, SIGNATURE_ANNOTATION)));
    return { attestation: [], image: image.filter((signature) => signature !== '') };
  });
  return {
    attestation: [...new Set(sent.flatMap(({ attestation }) => attestation))],
    image: [...new Set(sent.flatMap(({ image }) => image))],
  };
}

function envelopeSignatures(envelope: Buffer): readonly string[] {
  const signatures = at(parseJson(envelope), 'signatures');
  return Array.isArray(signatures) ? signatures.map((signature) => String(at(signature, 'sig'))) : [];
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
