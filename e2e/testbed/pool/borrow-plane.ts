// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from 'node:net';
import type { PlaneAccess } from '../control-plane/plane-access.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import type { PlaneLayer } from './plane-layer.ts';
import { parsePlaneAccess, planeRequestLine } from './pool-messages.ts';

/** Longer than a control plane and Tekton take to start on a machine that has more to do. */
const patienceMilliseconds = 240_000;
/** Longer than cleaning takes; what is not clean by then is thrown away. */
const giveBackMilliseconds = 60_000;

/**
 * A control plane of the run of the whole suite; undefined where there is no such run, or it has none to lend. It goes
 * back when the supervisor has stopped, or when this process ends.
 */
export async function borrowPlane(
  supervisor: Supervisor,
  layers: readonly PlaneLayer[],
): Promise<PlaneAccess | undefined> {
  const path = process.env.HALLMARK_TESTBED_POOL ?? '';
  if (path === '') return undefined;
  const socket = connect(path);
  try {
    const access = await answer(socket, layers);
    // A test that forgets to stop must still end.
    socket.unref();
    socket.on('close', endWithSuite);
    supervisor.onStop(() => {
      socket.off('close', endWithSuite);
      return giveBack(socket);
    });
    return access;
  } catch (error) {
    socket.destroy();
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`testbed: the suite lends no control plane, one of our own starts: ${reason}\n`);
    return undefined;
  }
}

/** The suite has ended and its control planes with it: this file would only wait in vain. */
function endWithSuite(): void {
  process.stderr.write('testbed: the suite ended, and this test file with it\n');
  process.kill(process.pid, 'SIGTERM');
}

async function answer(socket: Socket, layers: readonly PlaneLayer[]): Promise<PlaneAccess> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => {
    reject(new Error(`no answer in ${patienceMilliseconds / 1000} s`));
  }, patienceMilliseconds);
  socket.on('error', reject);
  socket.once('close', () => {
    reject(new Error('the connection was closed'));
  });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.includes('\n')) resolve(text.trimEnd());
  });
  socket.write(planeRequestLine(layers));
  try {
    return parsePlaneAccess(await promise);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when the suite has taken it back. Without the word, the suite throws the control plane away. */
function giveBack(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) {
      resolve();
      return;
    }
    socket.ref();
    const timer = setTimeout(() => socket.destroy(), giveBackMilliseconds);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.write('clean\n');
  });
}
