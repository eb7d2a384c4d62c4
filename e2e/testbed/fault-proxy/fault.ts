// SPDX-License-Identifier: Apache-2.0
import type { OutgoingHttpHeaders } from 'node:http';

/** A request as it came to the proxy. */
export interface ProxiedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ProxiedAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** A fault in an answer. */
export type Fault =
  /** This answer in the server's place; an error with a body of its own by default. */
  | { readonly type: 'Status'; readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly body?: string }
  /** 200 with bytes that are no document of any kind. */
  | { readonly type: 'Garbage' }
  /** 200 with a body that does not end. */
  | { readonly type: 'Endless' }
  /** The first half of the server's answer, and then the connection breaks. */
  | { readonly type: 'Truncated' }
  /** The first half of the server's body as if it were whole. */
  | { readonly type: 'Halved' }
  /** To itself, for ever. */
  | { readonly type: 'RedirectLoop' }
  /** To another place, with 307, which keeps method and body. */
  | { readonly type: 'Redirect'; readonly location: string }
  /** The server's answer, so much later. */
  | { readonly type: 'Slow'; readonly milliseconds: number }
  /** No answer. */
  | { readonly type: 'Hang' }
  /** The connection breaks before any answer; the server has not received the request. */
  | { readonly type: 'Reset' }
  /** The server has done it, and the connection breaks before the client hears of it. */
  | { readonly type: 'LostAnswer' }
  /** Another answer than the server's. */
  | { readonly type: 'Rewrite'; readonly rewrite: (answer: ProxiedAnswer, request: ProxiedRequest) => ProxiedAnswer };
