// SPDX-License-Identifier: Apache-2.0
import type { RunKind } from '../../src/api/v1alpha1/kinds.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { asManifest, at, type Manifest } from '../chart/helm.ts';

/** The manifests that a team applies before its first build, without the runs. */
export const teamSamples = join(import.meta.dirname, '..', '..', 'samples', 'team-a');

/** The manifests of `samples/team-a`, or of a folder in it, for a team of another name. */
export function teamManifests(team: string, folder = '.'): readonly Manifest[] {
  const texts = templates.get(folder) ?? readTemplates(join(teamSamples, folder));
  templates.set(folder, texts);
  return texts.map((text) => asManifest(JSON.parse(text.replaceAll('team-a', team))));
}

/** The manifests of each folder in JSON, which is read much faster than YAML: every team and every run begins with them. */
const templates = new Map<string, readonly string[]>();

function readTemplates(directory: string): readonly string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  const files = names.toSorted().map((name) => readFileSync(join(directory, name), 'utf8'));
  return files.flatMap((text) => parseAllDocuments(text).map((document) => JSON.stringify(document.toJS())));
}

/** The sample run of a kind, for a team of another name. */
export function sampleRun(team: string, kind: RunKind): Manifest {
  const run = teamManifests(team, 'runs').find((manifest) => manifest['kind'] === kind);
  if (run === undefined) throw new Error(`samples/team-a/runs has no ${kind}`);
  return run;
}

/** A manifest with some fields of its spec replaced. */
export function withSpec(manifest: Manifest, fields: object): Manifest {
  return { ...manifest, spec: { ...asManifest(manifest['spec']), ...fields } };
}

/** A backend "evidence" that stores attestations in one repository of a registry without TLS and credentials. */
export function evidenceBackend(namespace: string, repository: string): Manifest {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'StorageBackend',
    metadata: { name: 'evidence', namespace },
    spec: {
      type: 'OCI',
      artifacts: ['Attestation'],
      oci: {
        encoding: 'CosignTags',
        repository,
        authentication: { type: 'Anonymous' },
        tls: { insecure: true },
      },
    },
  };
}

/** A manifest's name. */
export function nameOf(manifest: Manifest): string {
  return String(at(manifest, 'metadata', 'name'));
}
