// SPDX-License-Identifier: Apache-2.0
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DataKind, DataSource } from './data-source.ts';
import { podField, type KeyToPath, type Pod, type ProjectedSource, type Volume } from './pod.ts';
import { PodSetupError } from './pod-setup-error.ts';

/** A token that a volume asks for. */
export interface TokenVolume {
  /** Absolute path of the materialised file. */
  readonly file: string;
  readonly audience?: string;
  readonly expirationSeconds: number;
}

export interface VolumeContext {
  readonly pod: Pod;
  readonly nodeName: string;
  readonly data: DataSource;
  /** The folder of this pod. */
  readonly directory: string;
  /** The folder that stands in for PersistentVolumeClaims, shared by all pods. */
  readonly claimsDirectory: string;
  /** PEM, for a cluster whose controller manager publishes no `kube-root-ca.crt`. */
  readonly certificateAuthority?: string;
}

export interface MaterialisedVolumes {
  /** Volume name to folder. */
  readonly directories: ReadonlyMap<string, string>;
  readonly tokens: readonly TokenVolume[];
}

interface File {
  readonly path: string;
  readonly content: Buffer;
  readonly mode?: number | undefined;
}

/** Writes a pod's volumes as folders. Throws {@link PodSetupError} while an object that they need is missing. */
export async function materialiseVolumes(context: VolumeContext): Promise<MaterialisedVolumes> {
  const directories = new Map<string, string>();
  const tokens: TokenVolume[] = [];
  for (const volume of context.pod.spec.volumes ?? []) {
    const directory = directoryOf(volume, context);
    directories.set(volume.name, directory);
    await mkdir(directory, { recursive: true });
    for (const file of await filesOf(volume, context)) await writeVolumeFile(join(directory, file.path), file);
    tokens.push(...tokensOf(volume, directory));
  }
  return { directories, tokens };
}

/** Replaces a file in one step, so that a reader never sees half a token. */
export async function writeVolumeFile(path: string, file: Omit<File, 'path'>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, file.content, { mode: file.mode ?? 0o644 });
  await rename(temporary, path);
}

function directoryOf(volume: Volume, { pod, directory, claimsDirectory }: VolumeContext): string {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  if (volume.persistentVolumeClaim !== undefined) {
    return join(claimsDirectory, pod.metadata.namespace, volume.persistentVolumeClaim.claimName);
  }
  return join(directory, 'volumes', volume.name);
}

async function filesOf(volume: Volume, context: VolumeContext): Promise<readonly File[]> {
  if (volume.configMap !== undefined) return objectFiles(context, 'configmaps', volume.configMap);
  if (volume.secret !== undefined) {
    const { secretName, ...rest } = volume.secret;
    return objectFiles(context, 'secrets', { ...rest, name: secretName });
  }
  if (volume.downwardAPI !== undefined) {
    return downwardFiles(context, volume.downwardAPI.items ?? [], volume.downwardAPI.defaultMode);
  }
  const { sources = [], defaultMode } = volume.projected ?? {};
  const files = await Promise.all(sources.map((source) => projectedFiles(context, source, defaultMode)));
  return files.flat();
}

async function projectedFiles(
  context: VolumeContext,
  source: ProjectedSource,
  defaultMode: number | undefined,
): Promise<readonly File[]> {
  return [
    ...(source.configMap === undefined
      ? []
      : await objectFiles(context, 'configmaps', { ...source.configMap, defaultMode })),
    ...(source.secret === undefined ? [] : await objectFiles(context, 'secrets', { ...source.secret, defaultMode })),
    ...downwardFiles(context, source.downwardAPI?.items ?? [], defaultMode),
  ];
}

interface ObjectVolume {
  readonly name?: string | undefined;
  readonly items?: readonly KeyToPath[] | undefined;
  readonly optional?: boolean | undefined;
  readonly defaultMode?: number | undefined;
}

async function objectFiles(context: VolumeContext, kind: DataKind, volume: ObjectVolume): Promise<readonly File[]> {
  const { namespace } = context.pod.metadata;
  const name = volume.name ?? '';
  const entries = (await context.data.entries(kind, namespace, name)) ?? fallback(context, kind, name);
  if (entries === undefined) {
    if (volume.optional === true) return [];
    throw new PodSetupError('ContainerCreating', `${kind} "${name}" not found`);
  }
  const items = volume.items ?? [...entries.keys()].map((key) => ({ key, path: key, mode: undefined }));
  return items.flatMap(({ key, path, mode }) => {
    const content = entries.get(key);
    if (content !== undefined) return [{ path, content, mode: mode ?? volume.defaultMode }];
    if (volume.optional === true) return [];
    throw new PodSetupError('ContainerCreating', `${kind} "${name}" has no entry "${key}"`);
  });
}

function fallback(context: VolumeContext, kind: DataKind, name: string): ReadonlyMap<string, Buffer> | undefined {
  const { certificateAuthority } = context;
  if (kind !== 'configmaps' || name !== 'kube-root-ca.crt' || certificateAuthority === undefined) return undefined;
  return new Map([['ca.crt', Buffer.from(certificateAuthority)]]);
}

interface DownwardItem {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly mode?: number;
}

function downwardFiles(
  { pod, nodeName }: VolumeContext,
  items: readonly DownwardItem[],
  defaultMode: number | undefined,
): readonly File[] {
  return items.map(({ path, fieldRef, mode }) => {
    const value = podField(pod, fieldRef?.fieldPath ?? '', nodeName);
    if (value === undefined) {
      throw new PodSetupError(
        'CreateContainerConfigError',
        `the node agent cannot fill the downward API file "${path}"`,
      );
    }
    return { path, content: Buffer.from(value), mode: mode ?? defaultMode };
  });
}

function tokensOf(volume: Volume, directory: string): readonly TokenVolume[] {
  return (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) => {
    if (token === undefined) return [];
    const { audience, expirationSeconds = 3600, path } = token;
    return [{ file: join(directory, path), expirationSeconds, ...(audience === undefined ? {} : { audience }) }];
  });
}
