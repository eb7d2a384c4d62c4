// SPDX-License-Identifier: Apache-2.0
import { YAML_OUTPUT } from './yaml-output.ts';

/** Formats a list entry by entry. All texts together are what the whole list gives. */
export interface ListOutput {
  /** Formats entries that follow those before. */
  readonly add: (entries: readonly unknown[]) => string;
  /** Formats the end of the list. */
  readonly end: () => string;
}

/** Makes the output of a list. The YAML package is loaded only for YAML. */
export async function listOutput(format: 'json' | 'yaml'): Promise<ListOutput> {
  return format === 'json' ? jsonList() : yamlList();
}

function jsonList(): ListOutput {
  let isEmpty = true;
  return {
    add: (entries) => {
      if (entries.length === 0) return '';
      const before = isEmpty ? '[\n' : ',\n';
      isEmpty = false;
      return `${before}${JSON.stringify(entries, undefined, 2).slice('[\n'.length, -'\n]'.length)}`;
    },
    end: () => (isEmpty ? '[]\n' : '\n]\n'),
  };
}

async function yamlList(): Promise<ListOutput> {
  const { default: yaml } = await import('yaml');
  let isEmpty = true;
  return {
    add: (entries) => {
      if (entries.length === 0) return '';
      isEmpty = false;
      // An alias could name only what is in the same text.
      return yaml.stringify(entries, YAML_OUTPUT);
    },
    end: () => (isEmpty ? '[]\n' : ''),
  };
}
