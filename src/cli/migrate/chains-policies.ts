// SPDX-License-Identifier: Apache-2.0
import type { ChainsArtifact, ChainsConfig } from './chains-config.ts';
import type { MigrationScope } from './migration.ts';

/** A policy to make, before its signer and backends are. */
export interface PolicyOutline {
  readonly name: string;
  readonly signer: 'x509' | 'kms';
  /** The storages of Chains that it stores in. */
  readonly storages: readonly string[];
  readonly kinds: readonly ('TaskRun' | 'PipelineRun')[];
  readonly attestation: 'taskrun' | 'pipelinerun' | undefined;
  readonly signsImages: boolean;
}

/** The artifacts that the backend of a storage takes. Chains fails to store images in Archivista. */
export function artifactsIn(config: ChainsConfig, storage: string): readonly ('Attestation' | 'ImageSignature')[] {
  const takes = (artifact: ChainsArtifact): boolean =>
    config.isEnabled(artifact) && config.storagesOf(artifact).includes(storage);
  return [
    ...(takes('taskrun') || takes('pipelinerun') ? (['Attestation'] as const) : []),
    ...(takes('oci') && storage !== 'archivista' ? (['ImageSignature'] as const) : []),
  ];
}

/** The fewest policies that sign what Chains signs, each with one signer and one format. */
export function policyOutlines(config: ChainsConfig): readonly PolicyOutline[] {
  const tasks = attesting(config, 'taskrun');
  const pipelines = attesting(config, 'pipelinerun');
  const images = imageOutline(config);
  const isWithTasks = tasks !== undefined && images !== undefined && mayJoin(config, tasks, images);
  const withImages: PolicyOutline | undefined = isWithTasks
    ? { ...tasks, storages: [...new Set([...tasks.storages, ...images.storages])].toSorted(), signsImages: true }
    : tasks;
  const apart = isWithTasks || images === undefined ? [] : [images];
  if (withImages !== undefined && pipelines !== undefined && tasks !== undefined && isSame(config, tasks, pipelines)) {
    const areCovered = withImages.storages.every(
      (storage) => pipelines.storages.includes(storage) || !artifactsIn(config, storage).includes('Attestation'),
    );
    if (areCovered) return [{ ...withImages, name: 'chains', kinds: ['TaskRun', 'PipelineRun'] }, ...apart];
  }
  return [withImages, pipelines].filter((outline) => outline !== undefined).concat(apart);
}

function attesting(config: ChainsConfig, artifact: 'taskrun' | 'pipelinerun'): PolicyOutline | undefined {
  const signer = config.signerOf(artifact);
  if (!config.isEnabled(artifact) || signer === 'none') return undefined;
  const kind = artifact === 'taskrun' ? 'TaskRun' : 'PipelineRun';
  const storages = config.storagesOf(artifact);
  return { name: `chains-${artifact}s`, signer, storages, kinds: [kind], attestation: artifact, signsImages: false };
}

/** Chains signs the images of TaskRuns only. */
function imageOutline(config: ChainsConfig): PolicyOutline | undefined {
  const signer = config.signerOf('oci');
  const storages = config.storagesOf('oci').filter((storage) => storage !== 'archivista');
  if (signer === 'none' || storages.length === 0) return undefined;
  return { name: 'chains-images', signer, storages, kinds: ['TaskRun'], attestation: undefined, signsImages: true };
}

/** True when one policy stores neither attestations nor images where Chains does not. */
function mayJoin(config: ChainsConfig, tasks: PolicyOutline, images: PolicyOutline): boolean {
  const others = images.storages.filter((storage) => !tasks.storages.includes(storage));
  return (
    tasks.signer === images.signer && others.every((storage) => !artifactsIn(config, storage).includes('Attestation'))
  );
}

function isSame(config: ChainsConfig, tasks: PolicyOutline, pipelines: PolicyOutline): boolean {
  return (
    tasks.signer === pipelines.signer &&
    tasks.storages.join() === pipelines.storages.join() &&
    config.text('artifacts.taskrun.format') === config.text('artifacts.pipelinerun.format')
  );
}

/** The spec of a policy, without its signer, witnesses and backends. */
export function policySpec(config: ChainsConfig, outline: PolicyOutline, { namespace, mode }: MigrationScope): object {
  const { kinds, attestation, signsImages } = outline;
  const managedBy = config.set('filter.managed-by');
  return {
    runs: { kinds, outcomes: ['Succeeded', 'Failed', 'Cancelled'], ...(managedBy.length === 0 ? {} : { managedBy }) },
    ...(namespace === undefined ? { subjects: { allowedRepositories: ['*'] } } : {}),
    attestation:
      attestation === undefined
        ? { format: 'None' }
        : {
            format: config.text(`artifacts.${attestation}.format`),
            builderID: config.text('builder.id'),
            buildType: config.text('builddefinition.buildtype'),
            ...(kinds.includes('PipelineRun')
              ? { deepInspection: config.flag('artifacts.pipelinerun.enable-deep-inspection') }
              : {}),
          },
    imageSignatures: { formats: signsImages ? imageFormats(config, outline) : [] },
    deletionGuard: { type: 'Hold', timeoutSeconds: 600 },
    // Where two policies select the same runs, the one that states them annotates them.
    compatibility: { chainsAnnotations: attestation !== undefined || !config.isEnabled('taskrun') },
    mode,
  };
}

/** Bundles hold a statement about the image; every other place holds cosign's own document. */
function imageFormats(config: ChainsConfig, { storages }: PolicyOutline): readonly string[] {
  const inImages = storages.filter((storage) => artifactsIn(config, storage).includes('ImageSignature'));
  const isBundle = config.text('storage.oci.encoding-format') === 'sigstore-bundle' && inImages.includes('oci');
  const isElsewhere = inImages.some((storage) => storage !== 'oci');
  return [...(!isBundle || isElsewhere ? ['SimpleSigning'] : []), ...(isBundle ? ['SigstoreStatement'] : [])];
}
