// SPDX-License-Identifier: Apache-2.0
import { parsePreciseJson } from '../../json/precise-json.ts';
import { isObject, stringField } from '../../json/fields.ts';
import { KubeError } from '../kube-error.ts';

/** One line of a watch. */
export interface WatchFrame {
  /** ADDED, MODIFIED, DELETED, BOOKMARK or ERROR. */
  readonly type: string;
  readonly object: unknown;
}

const NEWLINE = 0x0a;

/**
 * Decodes the body of a watch line by line. A line longer than `maxFrameBytes`, one that is no event, or an end in mid-line is a
 * `MalformedResponse`: after it nothing of the stream can be trusted.
 */
export async function* watchFrames(
  body: AsyncIterable<unknown>,
  maxFrameBytes: number,
): AsyncGenerator<WatchFrame, void, undefined> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = Buffer.concat([...pending, chunk.subarray(start, end)]);
      if (line.byteLength > maxFrameBytes) throw malformed(`an event of more than ${maxFrameBytes} bytes`);
      pending = [];
      pendingBytes = 0;
      start = end + 1;
      if (line.byteLength > 0) yield decodeFrame(line);
    }
    if (start === chunk.byteLength) continue;
    pending.push(chunk.subarray(start));
    pendingBytes += chunk.byteLength - start;
    if (pendingBytes > maxFrameBytes) throw malformed(`an event of more than ${maxFrameBytes} bytes`);
  }
  if (pendingBytes > 0) throw malformed('a part of an event and ended');
}

function decodeFrame(line: Buffer): WatchFrame {
  let frame: unknown;
  try {
    frame = parsePreciseJson(line.toString('utf8'));
  } catch (cause) {
    throw malformed('an event that is not JSON', cause);
  }
  const type = stringField(frame, 'type');
  if (!isObject(frame) || type === undefined) throw malformed('something that is not an event');
  return { type, object: frame['object'] };
}

function malformed(what: string, cause?: unknown): KubeError {
  return new KubeError({ status: 0, reason: 'MalformedResponse', message: `the watch sent ${what}`, cause });
}
