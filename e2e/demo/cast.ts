// SPDX-License-Identifier: Apache-2.0
import { asManifest } from '../chart/helm.ts';

/** A recording of a terminal that only ever got text at its end: asciicast v2 with output events alone. */
export interface Cast {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** Pauses longer than that are cut when it is shown. */
  readonly idleSeconds: number;
  readonly events: readonly CastEvent[];
}

export interface CastEvent {
  /** Since the start. */
  readonly seconds: number;
  readonly text: string;
}

/** The file of a recording. It names neither the time nor the machine. @see https://docs.asciinema.org/manual/asciicast/v2/ */
export function castFile({ width, height, title, idleSeconds, events }: Cast): string {
  const header = { version: 2, width, height, idle_time_limit: idleSeconds, title };
  const lines = events.map(({ seconds, text }) => [seconds, 'o', text.replaceAll('\n', '\r\n')]);
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Reads such a file. @throws Error when it is none, or has other events than output */
export function parseCast(file: string): Cast {
  const [first, ...rest] = file
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  const header = asManifest(first);
  if (header['version'] !== 2) throw new Error('not an asciicast of version 2');
  const events = rest.map((event): CastEvent => {
    if (!Array.isArray(event) || event[1] !== 'o') throw new Error(`not an output event: ${JSON.stringify(event)}`);
    return { seconds: Number(event[0]), text: String(event[2]).replaceAll('\r\n', '\n') };
  });
  const number = (name: string): number => Number(header[name]);
  return {
    width: number('width'),
    height: number('height'),
    title: String(header['title']),
    idleSeconds: number('idle_time_limit'),
    events,
  };
}
