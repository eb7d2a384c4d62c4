// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { EgressClient } from '../../net/egress-client.ts';
import { SocksRelay } from './socks-relay.ts';

describe('a SOCKS relay', () => {
  let echo: Server;
  let port: number;
  let egress: EgressClient;
  let relay: SocksRelay;

  before(async () => {
    echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = echo.address();
    assert.ok(typeof address === 'object' && address !== null);
    port = address.port;
    egress = new EgressClient({ allow: [`127.0.0.1:${port}`, `localhost:${port}`] });
    relay = await SocksRelay.start(egress);
  });
  after(async () => {
    await relay.close();
    await egress.close();
    echo.close();
  });

  /** The relay's answer to each message in turn; empty when it closes the connection. */
  async function talk(messages: readonly Buffer[]): Promise<{ answers: readonly Buffer[]; socket: Socket }> {
    const socket = connect(relay.access.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const answers: Buffer[] = [];
    for (const message of messages) {
      socket.write(message);
      const answer = new Promise<Buffer>((resolve) => {
        socket.once('data', resolve);
        socket.once('close', () => {
          resolve(Buffer.alloc(0));
        });
      });
      answers.push(await answer);
    }
    return { answers, socket };
  }

  function login(password = relay.access.password): readonly Buffer[] {
    const { username } = relay.access;
    const lengths = [Buffer.from([1, username.length]), Buffer.from([password.length])] as const;
    return [
      Buffer.from([5, 1, 2]),
      Buffer.concat([lengths[0], Buffer.from(username), lengths[1], Buffer.from(password)]),
    ];
  }

  function ask(type: number, address: Buffer): Buffer {
    const portBytes = Buffer.alloc(2);
    portBytes.writeUInt16BE(port);
    return Buffer.concat([Buffer.from([5, 1, 0, type]), address, portBytes]);
  }

  const name = Buffer.concat([Buffer.from([9]), Buffer.from('localhost')]);

  for (const [what, type, address] of [
    ['an address', 1, Buffer.from([127, 0, 0, 1])],
    ['a name', 3, name],
  ] as const) {
    it(`connects to ${what} that the operator allows, and passes bytes both ways`, async () => {
      const { answers, socket } = await talk([...login(), ask(type, address), Buffer.from('hello')]);
      assert.deepEqual(
        answers.map((answer) => answer.toString('latin1').slice(0, 5)),
        ['\x05\x02', '\x01\x00', '\x05\x00\x00\x01\x00', 'hello'],
      );
      socket.destroy();
    });
  }

  for (const [what, type, address] of [
    ['an address', 1, Buffer.from([169, 254, 169, 254])],
    ['an IPv6 address', 4, Buffer.from([...Array<number>(15).fill(0), 1])],
    ['an IPv4 address as IPv6', 4, Buffer.from([...Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1])],
  ] as const) {
    it(`refuses ${what} that he does not, and remembers why`, async () => {
      const { answers, socket } = await talk([...login(), ask(type, address)]);
      assert.equal(answers[2]?.[1], 2);
      assert.equal(relay.takeRefusal()?.reason, 'EndpointForbidden');
      assert.equal(relay.takeRefusal(), undefined);
      socket.destroy();
    });
  }

  it('refuses a client without its password', async () => {
    const wrong = await talk([...login('0'.repeat(relay.access.password.length)), ask(3, name)]);
    assert.equal(wrong.answers[1]?.[1], 1);
    assert.equal(wrong.answers[2]?.length, 0);
    const none = await talk([Buffer.from([5, 1, 0])]);
    assert.equal(none.answers[0]?.length, 0);
  });
});
