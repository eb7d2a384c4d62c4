// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { matchesRule } from '../fields/cel-rule.ts';

const regionName = /^[a-z]{2,}(-[a-z0-9]+)+$/;

/** The name of a region, which becomes part of host names. */
export function awsRegion(description: string) {
  return Type.String({
    description,
    minLength: 1,
    maxLength: 64,
    'x-kubernetes-validations': [matchesRule(regionName, "must be a region's name, such as eu-central-1")],
  });
}

const projectID = /^([a-z0-9][-.a-z0-9]{0,61}[a-z0-9]:)?[a-z][-a-z0-9]{0,61}[a-z0-9]$/;

/** The ID of a Google Cloud project, including its domain if it has one. */
export function googleProject(description: string) {
  return Type.String({
    description,
    minLength: 2,
    maxLength: 127,
    'x-kubernetes-validations': [matchesRule(projectID, "must be a project's ID, not its number or name")],
  });
}
