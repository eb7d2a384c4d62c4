// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { EvidenceError } from './evidence-error.ts';
import type { ArtifactForm, Subject } from './artifact.ts';

const statement = Compile(
  Type.Object({
    subject: Type.Optional(
      Type.Union([
        Type.Null(),
        Type.Array(Type.Object({ name: Type.String(), digest: Type.Record(Type.String(), Type.String()) })),
      ]),
    ),
  }),
);

const simpleSigning = Compile(
  Type.Object({
    critical: Type.Object({
      identity: Type.Object({ 'docker-reference': Type.String() }),
      image: Type.Object({ 'docker-manifest-digest': Type.String({ pattern: '^sha256:[a-f0-9]{64}$' }) }),
    }),
  }),
);

/**
 * Read the subjects from a payload, because the record's own list of them is cut. @throws EvidenceError `PayloadInvalid`
 */
export function payloadSubjects(form: ArtifactForm, payload: Buffer): readonly Subject[] {
  return statedSubjects(form, parsed(payload));
}

/** The same from a payload that is decoded already. @throws EvidenceError `PayloadInvalid` */
export function statedSubjects(form: ArtifactForm, value: unknown): readonly Subject[] {
  switch (form) {
    case 'InTotoStatement':
    case 'SigstoreStatement':
      if (!statement.Check(value)) throw new EvidenceError('PayloadInvalid', 'the payload is not an in-toto statement');
      return (value.subject ?? []).map(({ name, digest }) => ({ name, digest }));
    case 'SimpleSigning': {
      if (!simpleSigning.Check(value)) throw new EvidenceError('PayloadInvalid', 'the payload is not a simple signing');
      const { identity, image } = value.critical;
      const sha256 = image['docker-manifest-digest'].slice('sha256:'.length);
      return [{ name: identity['docker-reference'], digest: { sha256 } }];
    }
  }
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch (error) {
    throw new EvidenceError('PayloadInvalid', 'the payload is not JSON', { cause: error });
  }
}
