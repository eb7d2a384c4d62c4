// SPDX-License-Identifier: Apache-2.0

export const platforms = ['linux/amd64', 'linux/arm64'] as const;

export type Platform = (typeof platforms)[number];

export type Architecture = 'amd64' | 'arm64';

export function architectureOf(platform: Platform): Architecture {
  return platform === 'linux/amd64' ? 'amd64' : 'arm64';
}
