// SPDX-License-Identifier: Apache-2.0
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** Starts etcd without durability, which tests do not need, and returns its client URL once it answers. */
export async function startEtcd(binary: string, supervisor: Supervisor): Promise<string> {
  const client = `http://127.0.0.1:${await freePort()}`;
  const peer = `http://127.0.0.1:${await freePort()}`;
  const etcd = supervisor.start({
    name: 'etcd',
    command: binary,
    graceSeconds: 0,
    args: [
      '--name=testbed',
      `--data-dir=${supervisor.dataDirectory('etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=testbed=${peer}`,
      '--unsafe-no-fsync',
      '--log-level=warn',
    ],
  });
  await etcd.untilReady(async () => (await fetch(`${client}/health`)).ok);
  return client;
}
