// SPDX-License-Identifier: Apache-2.0
import { suiteBundle } from './bundle.ts';

/** The operator's program, from the top of the checkout: its bundle in a run of the suite, else its sources. */
export const operatorProgram = suiteBundle === undefined ? 'src/main.ts' : `${suiteBundle}/main.js`;
