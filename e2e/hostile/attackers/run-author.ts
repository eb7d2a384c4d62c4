// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { conditionOf } from '../../harness/record.ts';
import { recordedPayloads } from '../../provenance/stated.ts';
import type { Arena, Attack } from '../arena.ts';
import { finishedRun, imageOf, policySpec, put, recordOf } from './hallmark-objects.ts';

function result(name: string, value: unknown, type = 'string'): object {
  return { name, type, value };
}

/** The record of a run of the attacker's once it says why the run is not signed, or that it is. */
async function outcomeOf(
  arena: Arena,
  name: string,
  options: Parameters<typeof finishedRun>[2],
  reasons: readonly string[],
): Promise<string> {
  const run = await finishedRun(arena, name, options);
  const isDecided = (reason: string | undefined): boolean => reason !== undefined && reasons.includes(reason);
  const record = await arena.bed.recordWhen(`is ${reasons.join(' or ')}`, run, ({ status }) =>
    isDecided(status?.reason),
  );
  return String(record.status?.reason);
}

/** The reasons of a record whose run was read, and whose image may be anywhere. */
const DECIDED = [
  'Stored',
  'NoSubjects',
  'SubjectIgnored',
  'BackendRejected',
  'BackendUnavailable',
  'EndpointForbidden',
  'PayloadTooLarge',
];

/** Names of images that are slow to read for a careless reader. */
const slowNames = [
  `${'a/'.repeat(50_000)}a`,
  `${'a'.repeat(100_000)}@sha256:`,
  `registry.example.com/${'-'.repeat(50_000)}x`,
  `registry.example.com/${'a.'.repeat(50_000)}!`,
  `${'[::'.repeat(20_000)}]:5000/x`,
  `pkg:oci/${'%25'.repeat(30_000)}?${'a=b&'.repeat(10_000)}`,
  ' '.repeat(100_000),
];

const longAgo = '0001-01-01T00:00:00Z';
/** Clocks that lie: the times of a run, and the reasons that its record may have. */
const clocks: readonly (readonly [title: string, status: object])[] = [
  ['ended in the year 9999', { completionTime: '9999-12-31T23:59:59Z' }],
  ['began after it ended', { startTime: '2099-01-01T00:00:00Z' }],
  ['began in the year 1', { startTime: longAgo }],
];

export const runAuthorAttacks: readonly Attack[] = [
  {
    title: 'names of images made to be slow are read at once, and nothing of them is signed',
    gain: "the operator's time",
    attempt: async (arena) => {
      const beganMs = performance.now();
      await Promise.all(
        slowNames.map((url, index) => outcomeOf(arena, `slow-name-${index}`, { results: imageOf(url) }, DECIDED)),
      );
      return `${slowNames.length} read within ${(performance.now() - beganMs).toFixed(0)} ms`;
    },
  },
  {
    title: 'JSON that is nested a thousand deep is refused, and the run is recorded',
    gain: "the operator's stack",
    attempt: async (arena) => {
      const deep: unknown = JSON.parse('['.repeat(1000) + ']'.repeat(1000));
      return outcomeOf(arena, 'deep', { results: [result('DEEP', deep, 'array')] }, ['PayloadInvalid']);
    },
  },
  {
    title: 'a status of more than a megabyte is recorded as too large',
    gain: "the operator's memory",
    attempt: async (arena) => {
      const noise = Array.from({ length: 900 }, (_, index) => result(`R${index}`, randomText(1000)));
      return outcomeOf(arena, 'giant', { results: noise }, ['PayloadTooLarge']);
    },
  },
  {
    title: 'hundreds of thousands of empty results and steps are recorded as too many to state',
    gain: "the operator's time and memory",
    attempt: async (arena) => {
      const empty = Array.from({ length: 200_000 }, () => ({}));
      await outcomeOf(arena, 'empty-results', { results: empty }, ['PayloadTooLarge']);
      return outcomeOf(arena, 'empty-steps', { status: { steps: empty } }, ['PayloadTooLarge']);
    },
  },
  {
    title: 'a megabyte of zeros that packs into a kilobyte is signed once, and stored where it fits',
    gain: "the operator's memory, and that of verifiers",
    attempt: (arena) =>
      outcomeOf(arena, 'zeros', { results: [result('ZEROS', '0'.repeat(900_000))] }, ['BackendRejected', 'Stored']),
  },
  {
    title: 'ten thousand results of one name are one announcement',
    gain: "the operator's time",
    attempt: (arena) => {
      const results = Array.from({ length: 10_000 }, () => result('IMAGE_URL', 'x'));
      return outcomeOf(arena, 'repeated', { results }, ['Stored', 'PayloadTooLarge', 'BackendRejected']);
    },
  },
  {
    title: 'lines, colours and fields in results forge no line of the log',
    gain: 'a log that says what never was',
    attempt: async (arena) => {
      const forged = '\n{"level":"error","message":"forged-line"}\r\n\u001b[31mforged-colour\u001b[0m\u2028forged';
      await outcomeOf(arena, 'log-lines', { results: imageOf(`registry.example.com/${forged}`) }, DECIDED);
      for (const line of arena.bed.operator
        .log()
        .split('\n')
        .filter((text) => text !== '')) {
        const parsed: unknown = line.startsWith('{') ? JSON.parse(line) : {};
        assert.ok(
          typeof parsed === 'object' && parsed !== null && !('message' in parsed && parsed.message === 'forged-line'),
          line,
        );
        assert.ok(!line.includes('\u001b'), line);
      }
      return 'each line is one of the operator';
    },
  },
  {
    title: 'annotations that say that a run is signed already keep it from nothing',
    gain: 'a run that is not recorded',
    attempt: async (arena) => {
      const { bed } = arena;
      const annotations = {
        'chains.tekton.dev/signed': 'true',
        'hallmark.dev/signed': 'true',
        'chains.tekton.dev/retries': '3',
      };
      const build = await bed.runs.build({ name: 'said-to-be-signed', annotations });
      return String((await bed.readyRecord(build)).status?.reason);
    },
  },
  {
    title: 'an image of another team is not signed where the policy names its repositories',
    gain: "a signature on another team's image",
    attempt: async (arena) => {
      const spec = policySpec('own', { subjects: { allowedRepositories: [`${arena.registry.host}/team-h/*`] } });
      await put(arena, 'SigningPolicy', { name: 'own', spec });
      const claims = [
        'team-honest/app',
        'team-h/../team-honest/app',
        'team-hx/app',
        'TEAM-H/app',
        'team-h/./../team-honest/app',
      ];
      for (const [index, path] of claims.entries()) {
        const run = await finishedRun(arena, `claims-${index}`, {
          labels: { attack: 'own' },
          results: imageOf(`${arena.registry.host}/${path}`),
        });
        const record = await recordOf(
          arena,
          { policy: 'own', run: run },
          'is decided',
          ({ status }) => status?.reason !== undefined && status.reason !== 'Progressing',
        );
        const images = (record.evidence?.artifacts ?? []).filter(
          ({ type, signature }) => type === 'ImageSignature' && signature !== undefined,
        );
        assert.deepEqual(images, [], path);
      }
      return 'SubjectNotAllowed';
    },
  },
  {
    title: "names of JavaScript's own objects as results, parameters and labels mean nothing",
    gain: "the operator's prototypes",
    attempt: async (arena) => {
      const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
      const results = names.map((name) => result(name, { polluted: 'yes', uri: 'x' }, 'object'));
      const labels = Object.fromEntries(names.slice(1).map((name) => [name, 'x']));
      return outcomeOf(arena, 'prototypes', { results, labels }, ['Stored']);
    },
  },
  {
    title: 'hundreds of labels on a run select it as one would',
    gain: "the operator's time",
    attempt: (arena) => {
      const labels = Object.fromEntries(
        Array.from({ length: 800 }, (_, index) => [`l${index}.example.com/${'k'.repeat(60)}`, 'v'.repeat(63)]),
      );
      return outcomeOf(arena, 'labelled', { labels }, ['Stored', 'PayloadTooLarge', 'BackendRejected']);
    },
  },
  ...clocks.map(([what, status]): Attack => ({
    title: `a run that ${what} is recorded as it says, and holds up nothing`,
    gain: 'a record that never retires, or none at all',
    attempt: async (arena) => {
      const name = what.replaceAll(' ', '-');
      return outcomeOf(arena, name, { status }, ['Stored', 'PayloadInvalid', 'BackendRejected']);
    },
  })),
  {
    title: 'a run that says it ended before the policy was made gets no record, and another under its name does',
    gain: 'history that is signed by surprise',
    attempt: async (arena) => {
      const run = await finishedRun(arena, 'long-ago', { status: { completionTime: '2001-01-01T00:00:00Z' } });
      const later = await finishedRun(arena, 'long-ago-not');
      await arena.bed.readyRecord(later);
      assert.equal(await arena.bed.record(run), undefined);
      return 'no record';
    },
  },
  {
    title: 'a run that claims the UID and name of a record of another run has a record of its own',
    gain: "another run's evidence",
    attempt: async (arena) => {
      const first = await arena.bed.runs.build({ name: 'first-of-two' });
      const record = await arena.bed.readyRecord(first);
      const labels = { 'tekton.dev/pipelineRunUID': first.uid };
      const second = await finishedRun(arena, record.metadata.name.slice(0, 60).replace(/[^a-z0-9]+$/, ''), { labels });
      const other = await arena.bed.recordWhen('is Ready', second, (seen) => conditionOf(seen)?.status === 'True');
      assert.notEqual(other.metadata.name, record.metadata.name);
      assert.doesNotMatch(JSON.stringify(recordedPayloads(other)), new RegExp(first.image.digest));
      return 'two records';
    },
  },
];

function randomText(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join('');
}
