// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import type { CelRule } from '../fields/cel-rule.ts';
import { unionRule } from '../fields/cel-rule.ts';
import { field, has, listField } from '../../../json/fields.ts';
import { httpURL } from '../fields/http-url.ts';
import { objectName } from '../fields/object-name.ts';
import { configMapKeyRef } from '../fields/secret-ref.ts';

const where = "in the policy's own namespace (cluster kinds: in the operator's)";

const caBundleRef = Type.Optional(
  configMapKeyRef("ConfigMap with the certificates to trust for TLS instead of the system's.", where),
);

const rekor = Type.Object(
  {
    url: httpURL("The log. It must also be in the operator's configuration under transparency.logs."),
    apiVersion: Type.Optional(Type.Enum([1, 2], { description: 'API of the log: 1 (default), or 2 for tiled logs.' })),
    onFailure: Type.Optional(
      Type.Enum(['Retry', 'StoreWithout'], {
        description:
          'When the log takes nothing: Retry (default) waits for it, StoreWithout stores at once without an entry.',
      }),
    ),
    caBundleRef,
  },
  { description: 'A Rekor transparency log.' },
);

/** `spec.transparency` of both policy kinds. */
export const policyTransparency = Type.Object(
  {
    type: Type.Optional(
      Type.Enum(['None', 'Rekor'], { description: 'Which kind of log; the member of that name configures it.' }),
    ),
    rekor: Type.Optional(rekor),
    timestampAuthorities: Type.Optional(
      Type.Array(Type.Object({ url: httpURL('RFC 3161 endpoint.'), caBundleRef }), {
        description: 'Timestamp authorities that witness each signature.',
        maxItems: 4,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['url'],
      }),
    ),
  },
  {
    description: 'What witnesses signatures.',
    'x-kubernetes-validations': [unionRule('type', 'Rekor', 'rekor')],
  },
);

const MAX_ROOT_LENGTH = 131_072;

/** `spec.trustedRoot` of both policy kinds. */
export const policyTrustedRoot = Type.Object(
  {
    type: Type.Enum(['TUF', 'ConfigMap', 'Inline'], {
      description: 'Where it comes from; the member of that name configures it.',
    }),
    tuf: Type.Optional(
      Type.Object(
        {
          mirror: httpURL('TUF repository, for example https://tuf-repo-cdn.sigstore.dev.'),
          rootRef: Type.Optional(
            Type.Object(
              {
                name: objectName(`Name of the ConfigMap, read ${where}.`),
                key: Type.Optional(
                  Type.String({
                    description: 'Key whose value is the document, root.json by default.',
                    minLength: 1,
                    maxLength: 253,
                  }),
                ),
              },
              {
                description:
                  'ConfigMap with the initial root.json. Without one the mirror must be the public good instance.',
              },
            ),
          ),
          caBundleRef,
        },
        { description: 'A TUF repository with a target trusted_root.json, refreshed once a day.' },
      ),
    ),
    configMap: Type.Optional(
      Type.Object(
        {
          name: objectName(`Name of the ConfigMap, read ${where}.`),
          key: Type.Optional(
            Type.String({
              description: 'Key whose value is the document, trusted_root.json by default.',
              minLength: 1,
              maxLength: 253,
            }),
          ),
        },
        { description: 'A trusted_root.json in a ConfigMap.' },
      ),
    ),
    inline: Type.Optional(
      Type.String({ description: 'The trusted_root.json itself.', minLength: 1, maxLength: MAX_ROOT_LENGTH }),
    ),
  },
  {
    description: "Whose certificates, logs and timestamps count (sigstore's trusted_root.json).",
    'x-kubernetes-validations': [
      unionRule('type', 'TUF', 'tuf'),
      unionRule('type', 'ConfigMap', 'configMap'),
      unionRule('type', 'Inline', 'inline'),
    ],
  },
);

const hasTimestamps =
  'has(self.transparency) && has(self.transparency.timestampAuthorities) && size(self.transparency.timestampAuthorities) > 0';
const hasLog = 'has(self.transparency) && has(self.transparency.rekor)';

/** A certificate that lives for minutes is worthless later unless a witness saw the signature while it was valid. */
const witnessWithClock: CelRule = {
  rule:
    `self.signer.type != 'Keyless' || (${hasTimestamps}) || (${hasLog} && ` +
    '(!has(self.transparency.rekor.apiVersion) || self.transparency.rekor.apiVersion == 1) && ' +
    "(!has(self.transparency.rekor.onFailure) || self.transparency.rekor.onFailure == 'Retry'))",
  message:
    'a Keyless signer needs a witness with a clock: set transparency.timestampAuthorities, or transparency.rekor with apiVersion 1 and onFailure Retry',
  holds: (self) => {
    if (field(field(self, 'signer'), 'type') !== 'Keyless' || timestampAuthorities(self).length > 0) return true;
    const log = field(field(self, 'transparency'), 'rekor');
    const [version = 1, onFailure = 'Retry'] = [field(log, 'apiVersion'), field(log, 'onFailure')];
    return log !== undefined && version === 1 && onFailure === 'Retry';
  },
};

const rootOfTrust: CelRule = {
  rule: `has(self.trustedRoot) || !(self.signer.type == 'Keyless' || (${hasTimestamps}) || (${hasLog}))`,
  message:
    'trustedRoot must be set with a Keyless signer, transparency.rekor or transparency.timestampAuthorities: their output is verified against it',
  holds: (self) => {
    const isKeyless = field(field(self, 'signer'), 'type') === 'Keyless';
    const isWitnessed = timestampAuthorities(self).length > 0 || has(field(self, 'transparency'), 'rekor');
    return has(self, 'trustedRoot') || !(isKeyless || isWitnessed);
  },
};

/** Rules between a policy's signer, its witnesses and its trusted root. */
export const witnessRules: readonly CelRule[] = [witnessWithClock, rootOfTrust];

function timestampAuthorities(spec: unknown): readonly unknown[] {
  return listField(field(spec, 'transparency'), 'timestampAuthorities');
}
