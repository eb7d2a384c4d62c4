// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { ensureBinary } from '../binaries/ensure-binary.ts';
import { freePort } from '../processes/free-port.ts';
import type { Supervisor } from '../processes/supervisor.ts';

/** The address on which Trillian listens for gRPC. */
export interface Trillian {
  readonly host: string;
  readonly port: number;
}

/** Starts a Trillian log server with its signer, on storage in memory. */
export async function startTrillian(supervisor: Supervisor): Promise<Trillian> {
  const port = await freePort();
  const running = supervisor.start({
    name: `trillian-${port}`,
    command: await ensureBinary('trillian'),
    args: [`-rpc-address=127.0.0.1:${port}`, '-logtostderr'],
    graceSeconds: 0,
  });
  await running.untilReady(() => accepts(port));
  return { host: '127.0.0.1', port };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}
