// SPDX-License-Identifier: Apache-2.0
import type { Architecture } from '../platform.ts';
import { USER_ID } from './base-files.ts';

interface Source {
  readonly version: string;
  readonly revision: string | undefined;
  readonly time: Date;
}

interface ConfigSource {
  readonly architecture: Architecture;
  /** The layers by the digests of their archives. */
  readonly diffs: readonly { readonly digest: string; readonly comment: string }[];
  readonly source: Source;
}

/** The process that the image runs, as the OCI image specification describes it. */
export function imageConfig({ architecture, diffs, source }: ConfigSource) {
  const created = source.time.toISOString();
  return {
    created,
    architecture,
    os: 'linux',
    config: {
      User: `${USER_ID}:${USER_ID}`,
      ExposedPorts: { '8080/tcp': {}, '9090/tcp': {} },
      // Threads for signatures, files and the name of the API server. The names that teams give are looked up without threads. The
      // allocator of the C library gives back what a start took, once it knows how much it may keep.
      Env: [
        'PATH=/nodejs/bin',
        'NODE_ENV=production',
        `HALLMARK_REVISION=${source.revision ?? ''}`,
        'UV_THREADPOOL_SIZE=16',
        'MALLOC_TRIM_THRESHOLD_=131072',
      ],
      // The garbage collector knows what the container may take, so that it works before the kernel does. New objects get little
      // room, because V8 never gives back what they once took.
      Entrypoint: [
        '/nodejs/bin/node',
        '--max-old-space-size-percentage=60',
        '--max-semi-space-size=4',
        '--liftoff-only',
        '/app/dist/main.js',
      ],
      Cmd: ['--config', '/etc/hallmark/config.yaml'],
      WorkingDir: '/app',
      Labels: imageLabels(source),
      StopSignal: 'SIGTERM',
    },
    rootfs: { type: 'layers', diff_ids: diffs.map(({ digest }) => digest) },
    history: diffs.map(({ comment }) => ({ created, comment })),
  };
}

/** The labels of the image, which its manifests carry as annotations too. */
export function imageLabels({ version, revision, time }: Source): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.title': 'Hallmark',
    'org.opencontainers.image.description': 'Kubernetes operator that signs what Tekton builds, per team',
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.version': version,
    ...(revision === undefined ? {} : { 'org.opencontainers.image.revision': revision }),
    'org.opencontainers.image.created': time.toISOString(),
  };
}
