// SPDX-License-Identifier: Apache-2.0
import Type from 'typebox';
import { unionRule } from './cel-rule.ts';
import { httpURL } from './http-url.ts';
import { objectName } from './object-name.ts';
import { configMapKeyRef } from './secret-ref.ts';

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
            configMapKeyRef(
              'ConfigMap with the initial root.json. Without one the mirror must be the public good instance.',
              where,
            ),
          ),
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
