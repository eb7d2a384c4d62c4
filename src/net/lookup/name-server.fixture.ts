// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';

/** The response of the name server; undefined: none. */
export interface NameServerAnswer {
  readonly addresses?: readonly string[];
  readonly ttl?: number;
  /** The code of RFC 1035: 2 is SERVFAIL, 3 is NXDOMAIN. */
  readonly code?: number;
}

/** A name server on UDP (RFC 1035) for A records; every name exists without an AAAA record. */
export interface NameServer {
  readonly address: string;
  /** The names whose A record was asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function nameServer(answer: (name: string) => NameServerAnswer | undefined): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const { name, end } = readName(query);
    const isA = query.readUInt16BE(end) === 1;
    if (isA) asked.push(name);
    const found = answer(name);
    if (found === undefined) return;
    const addresses = isA ? (found.addresses ?? []) : [];
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (found.code ?? 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const question = query.subarray(12, end + 4);
    const records = addresses.map((address) => record(address, found.ttl ?? 60));
    socket.send(Buffer.concat([header, question, ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

function record(address: string, ttl: number): Buffer {
  const bytes = address.split('.').map(Number);
  assert.equal(bytes.length, 4);
  // The name is a pointer to that of the question; type A, class IN.
  const fixed = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
  fixed.writeUInt32BE(ttl, 6);
  return Buffer.concat([fixed, Buffer.from(bytes)]);
}
