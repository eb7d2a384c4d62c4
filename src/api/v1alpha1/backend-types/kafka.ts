// SPDX-License-Identifier: Apache-2.0
import Type, { type Static } from 'typebox';
import { matchesRule, unionRule } from '../fields/cel-rule.ts';
import { field, has } from '../../../json/fields.ts';
import type { Immutable } from '../fields/immutable.ts';
import { secretRef } from '../fields/secret-ref.ts';
import { tls, where } from './tls.ts';

const brokerAddress = /^([A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/;
const topicName = /^[-_.A-Za-z0-9]{1,249}$/;

const authentication = Type.Object(
  {
    type: Type.Enum(['Secret', 'Anonymous'], {
      description: 'Credentials for the brokers: SASL credentials from a Secret, or none.',
    }),
    secretRef: Type.Optional(secretRef('Secret with username and password.', where)),
    mechanism: Type.Optional(
      Type.Enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], { description: 'SASL mechanism.' }),
    ),
  },
  {
    description: 'How to authenticate to the brokers.',
    'x-kubernetes-validations': [unionRule('type', 'Secret', 'secretRef'), unionRule('type', 'Secret', 'mechanism')],
  },
);

/** `spec.kafka` of both backend kinds. */
export const kafka = Type.Object(
  {
    bootstrapServers: Type.Array(
      Type.String({
        minLength: 3,
        maxLength: 300,
        'x-kubernetes-validations': [matchesRule(brokerAddress, 'must be host:port')],
      }),
      {
        description:
          'Brokers (host:port) to ask for the location of the topic, one after the other until one responds.',
        minItems: 1,
        maxItems: 16,
        'x-kubernetes-list-type': 'set',
      },
    ),
    topic: Type.String({
      description: 'Name of the topic. It must exist.',
      minLength: 1,
      maxLength: 249,
      'x-kubernetes-validations': [matchesRule(topicName, "must be a topic's name: letters, digits, '.', '_' and '-'")],
    }),
    authentication: Type.Optional(authentication),
    plaintext: Type.Optional(
      Type.Boolean({
        description: 'Connect without TLS, so that everybody on the way reads evidence and PLAIN passwords. For tests.',
      }),
    ),
    tls: Type.Optional(tls),
  },
  {
    description: 'Settings of the type Kafka.',
    'x-kubernetes-validations': [
      {
        rule: '!(has(self.plaintext) && self.plaintext && has(self.tls))',
        message: 'plaintext means no TLS, so tls must not be set with it',
        holds: (self: unknown) => !(field(self, 'plaintext') === true && has(self, 'tls')),
      },
    ],
  },
);

export type KafkaSpec = Immutable<Static<typeof kafka>>;
