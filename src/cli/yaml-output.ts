// SPDX-License-Identifier: Apache-2.0

/**
 * Options of the YAML that commands print. kubectl reads YAML 1.1, where an unquoted `yes`, `on` or `12:30` is no text: what is ambiguous
 * there is quoted.
 */
export const YAML_OUTPUT = { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' } as const;
