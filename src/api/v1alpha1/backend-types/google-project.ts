// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule } from '../cel-rule.ts';

const projectID = /^([a-z0-9][-.a-z0-9]{0,61}[a-z0-9]:)?[a-z][-a-z0-9]{0,61}[a-z0-9]$/;

/** The ID of a project of Google Cloud, with its domain where it has one. */
export function googleProject(description: string) {
  return Type.String({
    description,
    minLength: 2,
    maxLength: 127,
    'x-kubernetes-validations': [matchesRule(projectID, "must be a project's ID, not its number or name")],
  });
}
