// SPDX-License-Identifier: Apache-2.0
import { KubeError } from './kube-error.ts';

/**
 * The whole body of an answer of the API server, if it is no larger than `maxBytes`.
 * @param request its name in the message: `get version`
 * @throws KubeError `ResponseTooLarge`
 */
export async function readAtMost(body: AsyncIterable<unknown>, maxBytes: number, request: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) throw answerTooLarge(request, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, sizeBytes);
}

/** @param request its name in the message: `get version` */
export function answerTooLarge(request: string, maxBytes: number): KubeError {
  return new KubeError({
    status: 0,
    reason: 'ResponseTooLarge',
    message: `${request}: the answer is larger than ${maxBytes} bytes`,
  });
}
