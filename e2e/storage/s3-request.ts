// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { Moto } from '../testbed/moto/moto.ts';

/** Sends a request to moto's S3 without an SDK. Moto requires an authorization header, but does not check its signature. */
export function sendToS3(moto: Moto, path: string, init: Omit<RequestInit, 'headers'> = {}): Promise<Response> {
  const scope = `testing/20260101/${moto.region}/s3/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  return fetch(`${moto.url}/${path}`, { ...init, headers: { authorization } });
}

/** The object's content. */
export async function askS3(moto: Moto, path: string): Promise<Buffer> {
  const answer = await sendToS3(moto, path);
  assert.equal(answer.status, 200, path);
  return Buffer.from(await answer.arrayBuffer());
}

export async function makeS3Bucket(moto: Moto, name: string): Promise<void> {
  const place = `<LocationConstraint>${moto.region}</LocationConstraint>`;
  const body = `<CreateBucketConfiguration>${place}</CreateBucketConfiguration>`;
  const made = await sendToS3(moto, name, { method: 'PUT', body });
  assert.equal(made.status, 200, await made.text());
}
