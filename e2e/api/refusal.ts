// SPDX-License-Identifier: Apache-2.0
import { ApiError } from '../testbed/node-agent/api-client.ts';

/** The words of the API server when it refused a request, or undefined when it did not. */
export async function refusal(request: Promise<object | boolean | undefined>): Promise<string | undefined> {
  try {
    const answer = await request;
    if (answer === undefined || answer === false) throw new Error('the API server does not serve this kind');
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}
