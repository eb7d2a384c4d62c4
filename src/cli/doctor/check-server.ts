// SPDX-License-Identifier: Apache-2.0
import type { ServerFacts } from '../../kube/server-facts.ts';
import { type Check, checkOf } from './check.ts';

const check = checkOf('cluster');
const OLDEST_MINOR = 31;
/** Certificates of Fulcio live for ten minutes, and verifiers allow little skew. */
const MAX_SKEW_SECONDS = 5;

/** Judges the API server's version and its clock against that of this machine. */
export function checkServer({ version, time }: ServerFacts, now: Date): readonly Check[] {
  const server = checkVersion(version);
  if (time === undefined || Number.isNaN(time.getTime()))
    return [server, check('clock', 'Unseen', 'the API server does not tell its time')];
  // Its time has no fraction of a second.
  const skewSeconds = Math.max(0, Math.abs(now.getTime() - time.getTime()) / 1000 - 1);
  const isSkewed = skewSeconds > MAX_SKEW_SECONDS;
  const clock = isSkewed
    ? check(
        'clock',
        'Warning',
        `this machine and the API server differ by ${Math.round(skewSeconds)} seconds: synchronise both`,
      )
    : check('clock', 'OK', 'this machine and the API server agree');
  return [server, clock];
}

function checkVersion(version: string): Check {
  const minor = /^v1\.(\d+)/.exec(version)?.[1];
  if (minor === undefined)
    return check('Kubernetes', 'Unseen', `the API server tells no version that can be read: ${version}`);
  if (Number(minor) < OLDEST_MINOR)
    return check('Kubernetes', 'Failed', `${version} is too old: Hallmark needs 1.${OLDEST_MINOR} or later`);
  return check('Kubernetes', 'OK', version);
}
