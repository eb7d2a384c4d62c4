// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { storageOf } from '../../harness/record.ts';
import { waitUntil } from '../../testbed/processes/wait-until.ts';
import type { Arena, Attack } from '../arena.ts';
import { Trap, type TrapAnswer } from '../trap.ts';
import { finishedRun, imageOf, refusedBy } from './hallmark-objects.ts';

const MANIFEST = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
const never = (): void => undefined;
/** Sixty-four megabytes of zeros. */
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

interface Behaviour {
  readonly title: string;
  readonly gain: string;
  /** The answer; the step is the number of earlier requests for the same repository. */
  readonly answer: (arena: Arena, step: number) => TrapAnswer;
}

/** A registry that goes silent after so many good steps of an upload. */
function silentAfter(steps: number, at: string): Behaviour {
  return {
    title: `a registry that goes silent ${at} holds up nobody`,
    gain: "the operator's workers",
    answer: (_arena, step) => (step < steps ? goodStep : never),
  };
}

/** A registry's answer that lets an upload go on. */
const goodStep: TrapAnswer = (request, response) => {
  const { method, url = '' } = request;
  if (method === 'POST') response.writeHead(202, { location: `${url}session` }).end();
  else if (method === 'PUT') response.writeHead(201, { location: url }).end();
  else response.writeHead(404, { 'content-type': 'application/json' }).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
};

const behaviours: readonly Behaviour[] = [
  silentAfter(0, 'before its first answer'),
  silentAfter(1, 'after its first answer'),
  silentAfter(2, 'after its second answer'),
  silentAfter(3, 'in the middle of an upload'),
  {
    title: 'a registry that sends its headers and never a body holds up nobody',
    gain: "the operator's workers",
    answer: () => (_request, response) => {
      response.writeHead(200, { ...MANIFEST, 'content-length': '100' });
      response.flushHeaders();
    },
  },
  {
    title: 'a registry that sends a byte a second holds up nobody',
    gain: "the operator's workers",
    answer: () => (_request, response) => {
      response.writeHead(200, MANIFEST);
      const timer = setInterval(() => response.write(' '), 1000);
      response.on('close', () => {
        clearInterval(timer);
      });
    },
  },
  {
    title: 'an answer that unfolds into a thousand times its size fills no memory',
    gain: "the operator's memory",
    answer: () => (_request, response) => {
      response.writeHead(200, { ...MANIFEST, 'content-encoding': 'gzip' }).end(bomb);
    },
  },
  {
    title: 'a manifest that is nested a hundred thousand deep is refused',
    gain: "the operator's stack",
    answer: () => (_request, response) => {
      response.writeHead(200, MANIFEST).end('['.repeat(100_000));
    },
  },
  {
    title: 'headers of a megabyte are refused',
    gain: "the operator's memory",
    answer: () => (request) => {
      request.socket.end(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(1024 * 1024)}\r\n\r\n`);
    },
  },
  {
    title: 'two answers to one request are one',
    gain: "the answer to another's request",
    answer: () => (request) => {
      const one = 'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}';
      request.socket.end(`${one}HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n`);
    },
  },
  {
    title: 'a redirect that leads to itself is followed no further than a few times',
    gain: "the operator's time",
    answer: () => (request, response) => {
      response.writeHead(307, { location: request.url ?? '/' }).end();
    },
  },
  {
    title: 'a redirect to a metadata service is not followed',
    gain: "the cloud's credentials",
    answer: () => (_request, response) => {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/iam/' }).end();
    },
  },
  {
    title: 'a redirect to a file or another protocol is not followed',
    gain: 'a file of the operator',
    answer: () => (_request, response) => {
      response.writeHead(307, { location: 'file:///var/run/secrets/kubernetes.io/serviceaccount/token' }).end();
    },
  },
  {
    title: 'a realm at a port that is not allowed is not asked for a token',
    gain: "the team's password",
    answer: ({ internal }) => challenge(`Bearer realm="http://${internal.host}/token",service="x"`),
  },
  {
    title: 'a realm with lines and quotes in it injects no header',
    gain: 'a request of the attacker',
    answer: ({ internal }) => challenge(`Bearer realm="http://${internal.host}/\\"%0d%0aX-Injected: 1",service="\\""`),
  },
  {
    title: 'a challenge made to be slow is read at once',
    gain: "the operator's time",
    answer: () => challenge(`Bearer ${'a="\\\\'.repeat(1000)}`),
  },
  {
    title: 'an upload that is sent to another host goes nowhere',
    gain: "the team's evidence and password",
    answer:
      ({ internal }) =>
      (request, response) => {
        if (request.method === 'POST') response.writeHead(202, { location: `http://${internal.host}/upload` }).end();
        else goodStep(request, response);
      },
  },
  {
    title: 'an answer that asks to come back in a thousand years is taken for a failure of now',
    gain: 'a record that is never tried again',
    answer: () => (_request, response) => {
      response.writeHead(429, { 'retry-after': '31536000000' }).end();
    },
  },
  {
    title: 'a registry that confirms everything and keeps nothing is found out',
    gain: 'a record that is Ready without evidence',
    answer: () => (request, response) => {
      const { method, url = '' } = request;
      if (method === 'POST' || method === 'PUT') response.writeHead(201, { location: url }).end();
      else response.writeHead(404).end();
    },
  },
];

function challenge(text: string): TrapAnswer {
  return (_request, response) => response.writeHead(401, { 'www-authenticate': text }).end();
}

/** Answers each repository in its own way. */
function route(arena: Arena): void {
  const steps = new Map<string, number>();
  arena.registry.answer = (request, response) => {
    const [, index = ''] = /\/v2\/behaviour-(\d+)\//.exec(request.url ?? '') ?? [];
    const behaviour = behaviours[Number(index)];
    if (behaviour === undefined || index === '') {
      response.writeHead(200).end('{}');
      return;
    }
    const step = steps.get(index) ?? 0;
    steps.set(index, step + 1);
    behaviour.answer(arena, step)(request, response);
  };
}

async function isNeverStored(arena: Arena, index: number): Promise<string> {
  route(arena);
  const results = imageOf(`${arena.registry.host}/behaviour-${index}/app`);
  const run = await finishedRun(arena, `served-${index}`, { results });
  const record = await arena.bed.recordWhen('is kept by the other backend', run, (seen) => {
    return storageOf(seen, 'tekton')?.state === 'Stored';
  });
  assert.notEqual(storageOf(record, 'registry')?.state, 'Stored');
  assert.equal(arena.internal.connections, 0);
  return storageOf(record, 'registry')?.reason === undefined
    ? 'waits, and nobody else'
    : refusedBy(record, 'registry').slice(0, 120);
}

export const serverAttacks: readonly Attack[] = [
  ...behaviours.map(({ title, gain }, index): Attack => ({
    title,
    gain,
    attempt: (arena) => isNeverStored(arena, index),
  })),
  {
    title: 'a name that means another address each time is checked at each connection',
    gain: 'a host that no team may reach',
    attempt: async (arena) => {
      const hidden = new Trap('127.0.0.2');
      await hidden.start(arena.registry.port);
      try {
        let asked = 0;
        arena.name('rebinds.hostile.test', () => ({
          addresses: [asked++ % 2 === 0 ? '127.0.0.1' : '127.0.0.2'],
          ttl: 0,
        }));
        const host = `rebinds.hostile.test:${arena.registry.port}`;
        const run = await finishedRun(arena, 'rebinds', { results: imageOf(`${host}/team/app`) });
        await waitUntil('the name is asked for several times', () => asked >= 4);
        const record = await arena.bed.recordWhen(
          'is kept',
          run,
          (seen) => storageOf(seen, 'registry')?.reason !== undefined,
        );
        assert.equal(hidden.connections, 0);
        return refusedBy(record, 'registry').slice(0, 120);
      } finally {
        await hidden.stop();
      }
    },
  },
];
