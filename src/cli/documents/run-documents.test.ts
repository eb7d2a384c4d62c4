// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { field } from '../../json/fields.ts';
import { readRunDocuments, runDocuments } from './run-documents.ts';

async function read(content: string, pieceBytes = content.length): Promise<readonly unknown[]> {
  const bytes = Buffer.from(content);
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes) pieces.push(bytes.subarray(start, start + pieceBytes));
  return readRunDocuments(['-'], Readable.from(pieces));
}

/** One line for each document: its place with its name, or with the reason why it cannot be read. */
async function lines(content: string, pieceBytes?: number): Promise<readonly string[]> {
  const documents = await read(content, pieceBytes);
  return documents.map((document) => {
    const name = field(field(field(document, 'value'), 'metadata'), 'name');
    return `${String(field(document, 'place'))} ${String(field(document, 'syntaxError') ?? name)}`;
  });
}

const json = (name: string): string => `{"kind":"TaskRun","metadata":{"name":"${name}"}}`;
const yaml = (name: string): string => `kind: TaskRun\nmetadata:\n  name: ${name}\n`;

const streams: readonly (readonly [string, string, readonly string[]])[] = [
  ['JSON values in a row', `${json('a')}${json('b}')}\n${json('c"')}`.replace('c"', 'c\\"'), ['1 a', '2 b}', '3 c"']],
  ['a JSON list', `[${json('a')}, [${json('b')}], null]`, ['1 a', '1 b']],
  [
    'a List whose kind comes last, as kubectl prints it',
    `{"apiVersion":"v1","items":[${json('a')},\n${json('b')}],"kind":"List"}${json('c')}`,
    ['1 a', '1 b', '2 c'],
  ],
  ['a List in a List', `{"kind":"List","items":[{"kind":"TaskRunList","items":[${json('a')}]}]}`, ['1 a']],
  ['JSON values between lines of dashes', `${json('a')}\n---\n${json('b')}\n---\n`, ['1 a', '2 b']],
  ['YAML after JSON', `${json('a')}\n---\n${yaml('b')}`, ['1 a', '2 b']],
  [
    'YAML in braces',
    '{kind: TaskRun, metadata: {name: a}}\n---\n{kind: TaskRun, metadata: {name: b}}\n',
    ['1 a', '2 b'],
  ],
  ['YAML documents, of which one is empty', `# none\n---\n${yaml('a')}---\n---\n${yaml('b')}`, ['1 a', '3 b']],
  ['YAML with a directive', `%YAML 1.2\n---\n${yaml('a')}...\n---\n${yaml('b')}`, ['1 a', '2 b']],
  ['JSON among YAML', `---\n${json('a')}\n---\n${yaml('b')}`, ['1 a', '2 b']],
  [
    'a List of YAML as kubectl prints it',
    'apiVersion: v1\nitems:\n- kind: TaskRun\n  metadata:\n    name: a\n    note: |\n      - b\n\n      c\n- metadata: {name: b}\nkind: List\n',
    ['1 a', '1 b'],
  ],
  [
    'a List of YAML with indented items',
    'kind: List\nitems: # two\n  - metadata: {name: a}\n  -\n    metadata: {name: b}\n',
    ['1 a', '1 b'],
  ],
  [
    'a List that comes between others',
    `${yaml('a')}---\nkind: List\nitems:\n- metadata: {name: b}\n---\n${yaml('c')}`,
    ['1 a', '2 b', '3 c'],
  ],
];

describe('documents are read from', () => {
  for (const [title, content, expected] of streams) {
    it(`${title}, however the stream is cut`, async () => {
      const places = expected.map((line) => `stdin:${line}`);
      assert.deepEqual(await lines(content), places);
      assert.deepEqual(await lines(content, 1), places);
      assert.deepEqual(await lines(`\n${content.replaceAll('\n', '\r\n')}`, 7), places);
    });
  }

  it('texts with characters of several bytes', async () => {
    assert.deepEqual(await lines(json('käse🧀'), 1), ['stdin:1 käse🧀']);
    assert.deepEqual(await lines(yaml('käse🧀'), 1), ['stdin:1 käse🧀']);
  });

  it('YAML with integers of any size', async () => {
    const [small, large] = await read('a: 604800\nb: 1.5\n---\na: 604800\nb: 9007199254740993\n');
    assert.deepEqual(field(small, 'value'), { a: 604800, b: 1.5 });
    assert.deepEqual(field(large, 'value'), { a: 604800, b: 9007199254740993n });
  });
});

describe('a document is given', () => {
  it('before the stream goes on, and its piece is not kept', async () => {
    let pulled = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        await Promise.resolve();
        yield Buffer.from(pulled++ === 0 ? `{"kind":"List","items":[${json('a')}` : `,${json('a')}`);
      }
    };
    let taken = 0;
    for await (const document of runDocuments(['-'], endless())) {
      assert.ok('value' in document);
      taken += 1;
      assert.equal(pulled, taken);
      if (taken === 5) break;
    }
  });

  it('in YAML when the next one begins', async () => {
    let pulled = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        await Promise.resolve();
        yield Buffer.from(`${yaml(`n${pulled++}`)}---\n`);
      }
    };
    for await (const document of runDocuments(['-'], endless())) {
      assert.ok('value' in document);
      assert.equal(pulled, 1);
      break;
    }
  });
});

describe('a document that cannot be read', () => {
  it('is explained as JSON if it begins as JSON, with its line', async () => {
    const unfinished = await lines(`${json('a')}\n{"kind":"TaskRun",\n"metadata":{"name":"t"`);
    assert.equal(unfinished[0], 'stdin:1 a');
    assert.match(unfinished[1] ?? '', /^stdin:2 it is not JSON: .* at line 3, column \d+; is the file complete\?$/);
    const broken = await lines(`${json('a')}\n{"kind":\n"TaskRun" "metadata"}\n${json('c')}`);
    assert.match(broken[1] ?? '', /^stdin:2 it is not JSON: .* at line 3, column 11; /);
    assert.deepEqual([broken[0], broken[2]], ['stdin:1 a', 'stdin:3 c']);
  });

  it('is named with its line in YAML', async () => {
    const found = await lines(`${yaml('a')}---\nkind: TaskRun\na: b: c\n---\n${yaml('b')}`);
    assert.match(found[1] ?? '', /^stdin:2 Nested mappings .* at line 6, column 4$/);
    assert.deepEqual([found[0], found[2]], ['stdin:1 a', 'stdin:3 b']);
  });

  it('is named with its line within a List and after its items', async () => {
    const list = 'kind: List\nitems:\n- metadata: {name: a}\n- a: b: c\n- metadata: {name: b}\nmore: b: c\n';
    const found = await lines(list);
    assert.deepEqual([found[0], found[2]], ['stdin:1 a', 'stdin:1 b']);
    assert.match(found[1] ?? '', /^stdin:1 Nested mappings .* at line 4, column 6$/);
    assert.match(found[3] ?? '', /^stdin:1 Nested mappings .* at line 6, column 7$/);
  });

  it('is the rest of a List that ends early, after the items before', async () => {
    const found = await lines(`{"items":[${json('a')},\n{"kind":`);
    assert.equal(found[0], 'stdin:1 a');
    assert.match(found[1] ?? '', /^stdin:1 it is not JSON: .*; is the file complete\?$/);
  });

  it('is an object with items that is no List', async () => {
    const found = await lines(`{"items":[${json('a')}],"kind":"Other"}`);
    assert.deepEqual(found, ['stdin:1 a', 'stdin:1 it has items, but its kind is no List']);
  });

  it('does not prevent others from being read if it is nested too deep', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    assert.deepEqual(await lines(`${json('a')}\n${deep}\n${json('b')}`), [
      'stdin:1 a',
      'stdin:2 it is nested too deep to be read',
      'stdin:3 b',
    ]);
  });

  for (const [form, beginning] of [
    ['JSON', '{"kind":"TaskRun","note":"'],
    ['a JSON List', `{"items":[${json('a')},{"note":"`],
    ['YAML', 'kind: TaskRun\nnote: '],
    ['YAML in a List', 'items:\n- note: '],
  ] as const) {
    it(`is refused in ${form} once it is too large, without being held`, async () => {
      let pieces = 0;
      const endless = async function* (): AsyncGenerator<Buffer> {
        await Promise.resolve();
        yield Buffer.from(beginning);
        for (; pieces < 1024; pieces++) yield Buffer.alloc(1024 * 1024, 'x');
      };
      const found = await readRunDocuments(['-'], endless());
      assert.deepEqual(found.at(-1), {
        place: 'stdin:1',
        syntaxError: 'it is larger than 32 MiB, so nothing from there on is read',
      });
      assert.ok(pieces < 40, `${pieces} MiB were read`);
    });
  }
});

describe('files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'hallmark-documents-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function file(name: string, content: string | Buffer): string {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  }

  it('can be UTF-16 with a byte order mark, as PowerShell writes it, or UTF-8 with one', async () => {
    const utf16 = file('utf16.json', Buffer.from('\ufeff{"kind":"TaskRun"}', 'utf16le'));
    const utf8 = file('utf8.json', '\ufeff{"kind":"TaskRun"}');
    for (const path of [utf16, utf8]) {
      const [document] = await readRunDocuments([path], Readable.from([]));
      assert.deepEqual(document && 'value' in document && document.value, { kind: 'TaskRun' });
    }
  });

  it('are read in order, each once, over many pieces', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => json(`long-enough-name-${index}`)).join('\n');
    const paths = [file('many.json', many), file('one.yaml', yaml('last'))];
    const found = await readRunDocuments([...paths, ...paths], Readable.from([]));
    assert.equal(found.length, 5001);
    assert.equal(found[4999]?.place, `${paths[0]}:5000`);
    assert.equal(found[5000]?.place, `${paths[1]}:1`);
  });

  it('that are missing or folders are refused by name, before anything is read', async () => {
    const good = file('good.json', json('a'));
    for (const [path, problem] of [
      [join(folder, 'none.json'), 'does not exist'],
      [folder, 'is a folder'],
    ] as const) {
      const reading = runDocuments([good, path], Readable.from([]));
      if (problem === 'is a folder') await reading.next();
      await assert.rejects(reading.next(), { message: `${path} ${problem}` });
    }
  });
});
