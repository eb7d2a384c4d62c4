// SPDX-License-Identifier: Apache-2.0
import type { TarEntry } from '../oci/tarball.ts';
import type { DebianPackage } from './debian-packages.ts';

export const USER_ID = 65532;

/** The files below the application: the libraries of Debian, the two users, and empty folders. Nothing of it is a shell. */
export function baseFiles(packages: readonly DebianPackage[]): readonly TarEntry[] {
  const users = [
    'root:x:0:0:root:/root:/sbin/nologin',
    `nonroot:x:${USER_ID}:${USER_ID}:nonroot:/home/nonroot:/sbin/nologin`,
  ];
  const groups = ['root:x:0:', `nonroot:x:${USER_ID}:`];
  return [
    { path: 'lib', content: { linkTo: 'usr/lib' } },
    { path: 'lib64', content: { linkTo: 'usr/lib64' } },
    { path: 'usr/lib64', content: 'folder' },
    ...packages.flatMap(({ files }) => files),
    { path: 'etc/passwd', content: lines(users) },
    { path: 'etc/group', content: lines(groups) },
    // Without it, the C library asks a DNS server before /etc/hosts.
    { path: 'etc/nsswitch.conf', content: lines(['hosts: files dns']) },
    { path: 'home/nonroot', content: 'folder' },
    { path: 'tmp', content: 'folder', mode: 0o1777 },
  ];
}

function lines(texts: readonly string[]): Buffer {
  return Buffer.from(`${texts.join('\n')}\n`);
}
