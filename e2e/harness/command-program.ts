// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { suiteBundle } from './bundle.ts';

const checkout = join(import.meta.dirname, '..', '..');

/** The path of the command `hallmark`: its bundle in a run of the suite, else the checkout's own, which runs the sources. */
export const commandProgram =
  suiteBundle === undefined ? join(checkout, 'bin', 'hallmark') : join(checkout, suiteBundle, 'cli.js');
