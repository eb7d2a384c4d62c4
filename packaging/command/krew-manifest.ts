// SPDX-License-Identifier: Apache-2.0
import type { Architecture } from '../platform.ts';

/** An archive with the command for one platform. */
export interface PluginArchive {
  readonly file: string;
  readonly architecture: Architecture;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface PluginRelease {
  readonly version: string;
  /** The folder on the web that holds the archives. */
  readonly url: string;
  readonly archives: readonly PluginArchive[];
}

/** The manifest of the kubectl plugin `hallmark` (https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/). */
export function krewManifest({ version, url, archives }: PluginRelease) {
  return {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'hallmark' },
    spec: {
      version: `v${version}`,
      shortDescription: 'Verify and explain the signatures of Tekton builds',
      description:
        'Finds the provenance that Hallmark signed for a run or an image, verifies it, says why a run was not signed, and checks manifests and installations.\n',
      platforms: archives.map(({ file, architecture, sha256 }) => ({
        selector: { matchLabels: { os: 'linux', arch: architecture } },
        uri: `${url.replace(/\/$/, '')}/${file}`,
        sha256,
        bin: 'hallmark',
        files: ['hallmark', 'LICENSE', 'LICENSE.node', 'LICENSE.packages'].map((from) => ({ from, to: '.' })),
      })),
    },
  };
}
