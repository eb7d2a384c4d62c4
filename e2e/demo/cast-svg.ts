// SPDX-License-Identifier: Apache-2.0
import type { Cast } from './cast.ts';

const FONT_SIZE = 13;
const CHARACTER_WIDTH = 7.83;
const LINE_HEIGHT = 18;
const MARGIN = 16;
/** Each line stays so long at least before more is printed, so that it can be read. */
const READING_SECONDS = 0.4;
/** The last screen stays this long before the recording begins again. */
const END_SECONDS = 8;

const style = `
    .screen { fill: #f6f8fa; stroke: #d0d7de; }
    text { fill: #24292f; font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; white-space: pre; }
    .step { fill: #0550ae; font-weight: 600; }
    .command { fill: #116329; }
    @media (prefers-color-scheme: dark) {
      .screen { fill: #0d1117; stroke: #30363d; }
      text { fill: #c9d1d9; }
      .step { fill: #79c0ff; }
      .command { fill: #7ee787; }
    }
    @media (prefers-reduced-motion: reduce) { #lines { animation: none !important; } }`;

interface Screen {
  readonly seconds: number;
  /** The number of lines that were printed by then. */
  readonly lines: number;
}

/**
 * Draws a recording as an animated SVG of one file, in light and dark. The newest line is always the lowest one, so that moving the
 * text is the whole animation. Where nothing may move, the end is shown.
 */
export function castSvg(cast: Cast): string {
  const { lines, screens } = played(cast);
  const width = Math.ceil(cast.width * CHARACTER_WIDTH + 2 * MARGIN);
  const height = cast.height * LINE_HEIGHT + 2 * MARGIN;
  const offset = (count: number): number => height - MARGIN - count * LINE_HEIGHT;
  const total = (screens.at(-1)?.seconds ?? 0) + END_SECONDS;
  const frames = screens.map(
    ({ seconds, lines: count }) => `${((100 * seconds) / total).toFixed(2)}%{transform:translateY(${offset(count)}px)}`,
  );
  const end = offset(lines.length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escaped(cast.title)}">`,
    `  <style>${style}`,
    `    @keyframes play { ${frames.join('')} 100%{transform:translateY(${end}px)} }`,
    `    #lines { transform: translateY(${end}px); animation: play ${total.toFixed(1)}s step-end infinite; }`,
    '  </style>',
    `  <clipPath id="screen"><rect x="0" y="${MARGIN}" width="${width}" height="${cast.height * LINE_HEIGHT}"/></clipPath>`,
    `  <rect class="screen" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    '  <g clip-path="url(#screen)"><g id="lines">',
    ...lines.flatMap((line, index) => (line === '' ? [] : [drawn(line, index)])),
    '  </g></g>',
    '</svg>',
    '',
  ].join('\n');
}

/** The lines of a recording, wrapped, and how many of them are there at what time. */
function played({ width, idleSeconds, events }: Cast): { readonly lines: string[]; readonly screens: Screen[] } {
  const lines: string[] = [];
  const screens: Screen[] = [];
  let seconds = 0;
  let before = 0;
  let toRead = 0;
  for (const event of events) {
    seconds += Math.max(Math.min(event.seconds - before, idleSeconds), toRead * READING_SECONDS);
    before = event.seconds;
    const printed = event.text.replace(/\n$/, '').split('\n');
    toRead = printed.length;
    lines.push(...printed.flatMap((line) => wrapped(line, width)));
    screens.push({ seconds, lines: lines.length });
  }
  return { lines, screens };
}

function wrapped(line: string, width: number): readonly string[] {
  return line.length <= width ? [line] : [line.slice(0, width), ...wrapped(`    ${line.slice(width)}`, width)];
}

function drawn(line: string, index: number): string {
  const kind = /^\[\d+\/\d+, /.test(line) ? ' class="step"' : line.startsWith('  $ ') ? ' class="command"' : '';
  const y = index * LINE_HEIGHT + FONT_SIZE;
  return `  <text x="${MARGIN}" y="${y}"${kind}>${escaped(line)}</text>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
