// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:net';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';

export interface MySql {
  /** `127.0.0.1:port`; the account is root, without a password. */
  readonly host: string;
  /** Its one database. */
  readonly name: string;
}

/** go-mysql-server: MySQL's protocol and dialect on tables in memory. */
export async function startMySql(supervisor: Supervisor): Promise<MySql> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const name = 'testbed';
  const command = await ensureBinary('mysql-server');
  const args = ['-address', host, '-database', name];
  const running = supervisor.start({ name: `mysql-${port}`, command, args, graceSeconds: 0 });
  await running.untilReady(async () => {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } finally {
      socket.destroy();
    }
  });
  return { host, name };
}
