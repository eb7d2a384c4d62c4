// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkout } from '../harness/installation.ts';
import { castFile, parseCast, type Cast } from './cast.ts';
import { castSvg } from './cast-svg.ts';

const cast: Cast = {
  width: 20,
  height: 3,
  title: 'a <demo>',
  idleSeconds: 2,
  events: [
    { seconds: 0, text: '[1/2, 0 s] one & two\n' },
    { seconds: 60.5, text: '  $ a command that is longer\nprinted\n' },
  ],
};

describe('a recording', () => {
  it('is read as it was written', () => {
    assert.deepEqual(parseCast(castFile(cast)), cast);
  });

  it('is refused with events that are no output, or in another version', () => {
    assert.throws(() => parseCast('{"version":2}\n[0,"i","x"]\n'), /not an output event/);
    assert.throws(() => parseCast('{"version":3}\n'), /version 2/);
  });

  it('is drawn with long lines wrapped, long pauses cut, and nothing taken for markup', () => {
    const svg = castSvg(cast);
    assert.match(svg, /class="step">\[1\/2, 0 s\] one &amp; two</);
    assert.match(svg, /class="command"> {2}\$ a command that i</);
    assert.match(svg, /> {4}s longer</);
    assert.match(svg, /aria-label="a &lt;demo&gt;"/);
    assert.match(svg, /20\.00%\{transform:translateY\(-2px\)\}/, '2 of 2 + 8 seconds, and 4 lines on a screen of 3');
    assert.doesNotMatch(svg, /href|url\((?!#screen)/, 'nothing is loaded');
  });
});

describe('the recording of the demo', () => {
  const file = (name: string): string => readFileSync(join(checkout, 'docs', 'images', name), 'utf8');

  it('shows all steps of a whole run', () => {
    const { events } = parseCast(file('demo.cast'));
    const text = events.map(({ text }) => text).join('');
    for (const step of ['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']) assert.ok(text.includes(`[${step}, `), step);
    assert.match(text, /Done in \d+ s/);
  });

  it('is wide enough for its tables', () => {
    const { events, width } = parseCast(file('demo.cast'));
    const rows = events.flatMap(({ text }) => text.split('\n')).filter((line) => /^ {4}\S+ {2,}/.test(line));
    assert.ok(rows.some((row) => row.includes('WARNINGS')));
    assert.deepEqual(
      rows.filter((row) => row.trimEnd().length > width),
      [],
    );
  });

  it('is what its picture shows, in less than 100 kB', () => {
    const svg = file('demo.svg');
    assert.equal(svg, castSvg(parseCast(file('demo.cast'))), 'run `npm run demo -- --record docs/images/demo`');
    assert.ok(svg.length < 100_000);
  });
});
