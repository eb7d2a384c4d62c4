// SPDX-License-Identifier: Apache-2.0
import type { PlaneAccess } from '../control-plane/plane-access.ts';
import { parseLayers, type PlaneLayer } from './plane-layer.ts';

/** The line that asks for a control plane with these layers. */
export function planeRequestLine(layers: readonly PlaneLayer[]): string {
  return `${['plane', ...layers].join(' ')}\n`;
}

/** Reads that line, without its end. */
export function parsePlaneRequest(line: string): readonly PlaneLayer[] {
  const [word, ...names] = line.split(' ');
  if (word !== 'plane') throw new Error(`the suite lends no ${line}`);
  return parseLayers(names);
}

/** The line that answers a request. */
export function planeAccessLine(access: PlaneAccess): string {
  return `${JSON.stringify(access)}\n`;
}

/** Reads that line; throws what went wrong where it says so. */
export function parsePlaneAccess(line: string): PlaneAccess {
  const answer: unknown = JSON.parse(line);
  if (answer === null || typeof answer !== 'object') throw new Error(`not an answer: ${line}`);
  if ('error' in answer) throw new Error(String(answer.error));
  const text = (name: string): string => {
    const value: unknown = Object.entries(answer).find(([key]) => key === name)?.[1];
    if (typeof value !== 'string') throw new Error(`the answer has no ${name}`);
    return value;
  };
  return {
    url: text('url'),
    port: Number(new URL(text('url')).port),
    adminToken: text('adminToken'),
    caFile: text('caFile'),
    etcdURL: text('etcdURL'),
    logDirectory: text('logDirectory'),
    layers: parseLayers('layers' in answer && Array.isArray(answer.layers) ? answer.layers : []),
  };
}
