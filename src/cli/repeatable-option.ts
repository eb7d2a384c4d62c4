// SPDX-License-Identifier: Apache-2.0
import { Option } from 'commander';

/** Makes an option that can be given many times; its value is the list of all, empty by default. */
export function repeatableOption(flags: string, description: string): Option {
  return new Option(flags, `${description}; repeatable`)
    .argParser((value: string, values: readonly string[]) => [...values, value])
    .default([], 'none');
}
