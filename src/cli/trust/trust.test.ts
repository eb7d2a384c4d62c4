// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { field, listField, objectField, stringField } from '../../json/fields.ts';
import { TestLog } from '../../verify/test-log.fixture.ts';
import { exitCodeOf } from '../usage-exit.ts';
import { trustCommand } from './trust.ts';
import { file, signer } from '../verify/verify-command.fixture.ts';

const PROVENANCE = 'https://slsa.dev/provenance/v1';
const IMAGE_SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
/** A certificate of an authority, as DER in base64. */
const CERTIFICATE =
  'MIIBbjCCARWgAwIBAgIUdgApI4sQg1x8uk2GePfojGW09aYwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMzAwNDQ5' +
  'MjBaGA8yMTI2MTEwNjA0NDkyMFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKfOW+3kaE1jKRYfOht7' +
  'Y/V6YAixEtN8UQTgnuE/2Hyx+HUlqihIsRxPGPFfUcsE/GKaSXl2CeMV8lLbU0ij0F+jUzBRMB0GA1UdDgQWBBSLfhN3ThZCvbAv' +
  'KZBz4BSx8QR6qTAfBgNVHSMEGDAWgBSLfhN3ThZCvbAvKZBz4BSx8QR6qTAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA' +
  'MEQCIDGKbgRH1hMi4GH9cRvquJNk+lAJRVcvncyunKhzJ8e5AiBh+L21zsct2Isu+aKwsUo2h/n7Lz4NQQIeUm4JYy3qlg==';
const authority = {
  subject: { organization: 'o', commonName: 'c' },
  uri: 'https://authority.example',
  certChain: { certificates: [{ rawBytes: CERTIFICATE }] },
};
const log = { ...new TestLog().trust, baseUrl: 'https://log.example' };
const authorities = { certificateAuthorities: [authority], timestampAuthorities: [authority] };
const inline = JSON.stringify({ tlogs: [log], ...authorities });
const timestampAuthorities = [{ url: 'https://timestamp.example' }];
const bundles = { imageSignatures: { formats: ['SigstoreStatement'] } };

const keyless = {
  spec: {
    signer: { type: 'Keyless', keyless: { fulcioURL: 'https://f.example', serviceAccountName: 's' } },
    transparency: { type: 'Rekor', rekor: { url: 'https://log.example' } },
  },
  status: { verificationKeys: [], certificateIdentity: { identity: 'https://i', issuer: 'https://i' } },
};
const repositories = ['registry.example/team/*'];

interface Printed {
  readonly out: string;
  readonly err: string;
}

interface Asked {
  readonly verifier: string;
  readonly spec?: object;
  readonly status?: object;
  readonly args?: readonly string[];
  readonly kind?: string;
  readonly metadata?: object;
  /** The backends in the file with the policy; by default one for each format that it signs. */
  readonly backends?: readonly object[];
}

type Encoding = 'SigstoreBundle' | 'CosignTags';

/** A backend of the team that keeps these artifacts with images. */
function backend(encoding: Encoding, artifacts: readonly string[] = ['Attestation', 'ImageSignature']): object {
  return {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind: 'StorageBackend',
    metadata: { name: encoding.toLowerCase(), namespace: 'team' },
    spec: { type: 'OCI', artifacts, oci: { encoding } },
  };
}

function fittingBackends(kind: string, spec: object): readonly object[] {
  const text = JSON.stringify(spec);
  const inBundles = text.includes('SigstoreStatement') || text.includes('"apiVersion":2');
  const encodings: readonly Encoding[] = [
    ...(inBundles ? (['SigstoreBundle'] as const) : []),
    ...(inBundles && !text.includes('SimpleSigning') ? [] : (['CosignTags'] as const)),
  ];
  return encodings.map((encoding) =>
    kind === 'SigningPolicy'
      ? backend(encoding)
      : { ...backend(encoding), kind: 'ClusterStorageBackend', metadata: { name: encoding.toLowerCase() } },
  );
}

/** Runs the command for a policy with these members of its spec, and expects this exit code. */
async function run(asked: Asked, code = 0): Promise<Printed> {
  const { verifier, spec = {}, status = {}, args = [], kind = 'SigningPolicy' } = asked;
  const { metadata = { name: 'builds', namespace: 'team' } } = asked;
  const { backends = fittingBackends(kind, spec) } = asked;
  const policy = {
    apiVersion: 'hallmark.dev/v1alpha1',
    kind,
    metadata,
    spec: {
      signer: { type: 'Key', key: { secretRef: { name: 'k' } } },
      trustedRoot: { type: 'Inline', inline },
      subjects: { allowedRepositories: repositories },
      ...spec,
    },
    status: { verificationKeys: [{ ...signer.key, state: 'Active' }], ...status },
  };
  const path = file('policy.json', { apiVersion: 'v1', kind: 'List', items: [policy, ...backends] });
  const written = { out: '', err: '' };
  const command = trustCommand().configureOutput({
    writeOut: (text) => (written.out += text),
    writeErr: (text) => (written.err += text),
  });
  try {
    await command.parseAsync(['-f', path, '-o', verifier, ...args], { from: 'user' });
    assert.equal(code, 0);
  } catch (error) {
    assert.equal(exitCodeOf(error), code, String(error));
    return { ...written, err: `${written.err}${String(error)}` };
  }
  return written;
}

async function printed(verifier: string, spec: object, code = 0, status: object = {}): Promise<string> {
  return (await run({ verifier, spec, status }, code)).out;
}

async function documents(asked: Asked): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (const document of parseAllDocuments((await run(asked)).out)) all.push(document.toJS());
  return all;
}

describe('the policy for Kyverno', () => {
  const policy = async (asked: Partial<Asked> = {}): Promise<unknown> =>
    (await documents({ verifier: 'kyverno', ...asked }))[0];
  const spec = async (asked: Partial<Asked> = {}): Promise<unknown> => field(await policy(asked), 'spec');
  const types = (found: unknown): readonly unknown[] =>
    listField(found, 'attestations').map((attestation) => field(field(attestation, 'intoto'), 'type'));

  it('judges the namespace of a SigningPolicy and images of its repositories, and only warns', async () => {
    const found = await policy();
    assert.deepEqual(
      [field(found, 'kind'), field(found, 'metadata')],
      [
        'NamespacedImageValidatingPolicy',
        {
          name: 'hallmark-team.builds',
          namespace: 'team',
          annotations: { 'policies.kyverno.io/description': 'Images signed by SigningPolicy team/builds of Hallmark.' },
        },
      ],
    );
    const { validationActions, failurePolicy, matchImageReferences, validationConfigurations } = objectField(
      found,
      'spec',
    );
    assert.deepEqual([validationActions, failurePolicy], [['Audit', 'Warn'], 'Ignore']);
    assert.deepEqual(matchImageReferences, [{ glob: 'registry.example/team/*' }]);
    assert.deepEqual(validationConfigurations, { mutateDigest: false, verifyDigest: false, required: true });
  });

  it('refuses pods only on demand, and then pins their digests', async () => {
    const { validationActions, failurePolicy, validationConfigurations } = objectField(
      await policy({ args: ['--enforce'] }),
      'spec',
    );
    assert.deepEqual([validationActions, failurePolicy], [['Deny'], 'Fail']);
    assert.deepEqual(validationConfigurations, { mutateDigest: true, verifyDigest: true, required: true });
  });

  it('judges the namespaces of a ClusterSigningPolicy', async () => {
    const cluster = { kind: 'ClusterSigningPolicy', metadata: { name: 'builds' } };
    const selected = { namespaceSelector: { matchLabels: { tier: 'prod' } } };
    const found = await policy({ ...cluster, spec: selected });
    assert.deepEqual(
      [field(found, 'kind'), field(field(found, 'metadata'), 'name')],
      ['ImageValidatingPolicy', 'hallmark.builds'],
    );
    const constraints = (asked: unknown): unknown =>
      field(field(field(asked, 'spec'), 'matchConstraints'), 'namespaceSelector');
    assert.deepEqual(constraints(found), selected.namespaceSelector);
    const everywhere = await policy(cluster);
    assert.deepEqual(constraints(everywhere), {
      matchExpressions: [
        { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['hallmark-system', 'kube-system'] },
      ],
    });
    assert.match(JSON.stringify(everywhere), /startsWith\('kube-'\)/);
    assert.doesNotMatch(JSON.stringify(found), /startsWith\('kube-'\)/);
  });

  it('requires signature and provenance by their types in bundles', async () => {
    const { err } = await run({ verifier: 'kyverno', spec: bundles });
    assert.equal(err, '');
    assert.deepEqual(types(await spec({ spec: bundles })), [IMAGE_SIGNATURE, PROVENANCE]);
  });

  it("requires the signature alone in cosign's tags, and says why", async () => {
    assert.deepEqual(types(await spec()), []);
    const { err } = await run({ verifier: 'kyverno' });
    assert.match(err, /^warning: the provenance is not checked: in cosign's tags .* encoding: SigstoreBundle/);
    const rekor = { transparency: { type: 'Rekor', rekor: { url: 'https://log.example', onFailure: 'Retry' } } };
    assert.match(
      (await run({ verifier: 'kyverno', spec: rekor })).err,
      /entries in the log are not checked: .* type: TUF/,
    );
  });

  it('is refused where Kyverno can check nothing', async () => {
    assert.match(
      (await run({ verifier: 'kyverno', ...keyless }, 2)).err,
      /cannot verify the certificates of SigningPolicy team\/builds: .* type: TUF/,
    );
    const attested = { imageSignatures: { formats: [] } };
    assert.match((await run({ verifier: 'kyverno', spec: attested }, 2)).err, /cannot verify the provenance/);
  });

  it('accepts earlier keys, and both hashes of a key that may have signed with either', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const retired = {
      keyID: 'SHA256:old',
      publicKey: publicKey.export({ format: 'pem', type: 'spki' }),
      state: 'Retired',
    };
    const status = { verificationKeys: [{ ...signer.key, state: 'Active' }, retired] };
    const found = await spec({ status });
    assert.deepEqual(
      listField(found, 'attestors').map((attestor) => field(attestor, 'name')),
      ['key1sha256', 'key2sha256', 'key2sha384'],
    );
    assert.match(JSON.stringify(found), /\[attestors.key1sha256, attestors.key2sha256, attestors.key2sha384\]/);
  });
});

describe("the policies for Sigstore's policy-controller", () => {
  const policies = async (asked: Partial<Asked> = {}): Promise<readonly unknown[]> =>
    (await documents({ verifier: 'policy-controller', ...asked })).filter(
      (object) => field(object, 'kind') === 'ClusterImagePolicy',
    );
  const signers = async (asked: Partial<Asked> = {}): Promise<readonly unknown[]> =>
    (await policies(asked)).map((object) => listField(field(object, 'spec'), 'authorities')[0]);
  const summary = (authority: unknown): readonly unknown[] => [
    field(authority, 'signatureFormat'),
    ...listField(authority, 'attestations').map((attestation) => field(attestation, 'predicateType')),
  ];
  const timed = { ...keyless.spec.transparency, timestampAuthorities };
  const inBundles = { ...keyless, spec: { ...keyless.spec, ...bundles, transparency: timed } };

  it('judge images of the policy, and only warn unless they are to enforce', async () => {
    const scopes = async (args: readonly string[]): Promise<readonly (readonly unknown[])[]> =>
      (await policies({ args })).map((object) => {
        const { images, mode } = objectField(object, 'spec');
        return [stringField(field(object, 'metadata'), 'name'), images, mode];
      });
    const images = [{ glob: 'registry.example/team/**' }];
    assert.deepEqual(await scopes([]), [
      ['hallmark-team.builds-signature', images, 'warn'],
      ['hallmark-team.builds-provenance', images, 'warn'],
    ]);
    assert.deepEqual(
      (await scopes(['--enforce'])).map(([, , mode]) => mode),
      ['enforce', 'enforce'],
    );
  });

  it("require signature and provenance in cosign's tags", async () => {
    assert.deepEqual((await signers()).map(summary), [[undefined], [undefined, PROVENANCE]]);
  });

  it('compare builder and build type, whatever characters they have, and take no provenance without them', async () => {
    const builderID = String.raw`https://b.example/"\(x)#{}`;
    const expected = async (format: string): Promise<readonly string[]> => {
      const [, authority] = await signers({ spec: { attestation: { format, builderID } } });
      const [attestation] = listField(authority, 'attestations');
      const { type, data } = objectField(attestation, 'policy');
      assert.equal(type, 'cue');
      return String(data).trimEnd().split('\n');
    };
    const builder = JSON.stringify(builderID);
    const buildType = '"https://tekton.dev/chains/v2/slsa"';
    const onlyInStatements = ['predicateType?: string', 'if predicateType != _|_ {'];
    // CUE unifies: a value that it requires without comparing would be added to provenance that has none.
    assert.deepEqual(await expected('slsa/v2alpha4'), [
      `predicate?: runDetails?: builder?: id?: ${builder}`,
      `predicate?: buildDefinition?: buildType?: ${buildType}`,
      ...onlyInStatements,
      `\t_isExpected1: true & ((*predicate.runDetails.builder.id | null) == ${builder})`,
      `\t_isExpected2: true & ((*predicate.buildDefinition.buildType | null) == ${buildType})`,
      '}',
    ]);
    assert.deepEqual(await expected('slsa/v1'), [
      `predicate?: builder?: id?: ${builder}`,
      ...onlyInStatements,
      `\t_isExpected1: true & ((*predicate.builder.id | null) == ${builder})`,
      '}',
    ]);
  });

  it('require both as attestations in bundles of a certificate', async () => {
    const found = [
      ['bundle', IMAGE_SIGNATURE],
      ['bundle', PROVENANCE],
    ];
    assert.deepEqual((await signers(inBundles)).map(summary), found);
  });

  it('accept no keys in bundles, and say so', async () => {
    const { err } = await run({ verifier: 'policy-controller', spec: bundles }, 2);
    assert.match(err, /verifies bundles by certificate only.* encoding: CosignTags/);
    const verificationKeys = [{ ...signer.key, state: 'Retired' }];
    const both = await run({
      verifier: 'policy-controller',
      ...inBundles,
      status: { ...keyless.status, verificationKeys },
    });
    assert.match(both.err, /^warning: only the certificate identity is accepted: /m);
    assert.doesNotMatch(both.out, /BEGIN PUBLIC KEY/);
  });

  describe('with a log', () => {
    const verifier = 'policy-controller';
    const url = 'https://log.example';
    const { publicKey } = generateKeyPairSync('ed25519');
    const rawBytes = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    const tiled = { ...log, baseUrl: 'https://tiled.example', publicKey: { ...log.publicKey, rawBytes } };
    const asked = (root: object, rekor: object = {}) => ({
      transparency: { type: 'Rekor', rekor: { url, ...rekor }, timestampAuthorities },
      trustedRoot: { type: 'Inline', inline: JSON.stringify(root) },
    });
    const proofs = (authority: unknown): readonly unknown[] => [
      field(field(authority, 'ctlog'), 'url'),
      field(authority, 'rfc3161timestamp') !== undefined,
    ];

    it('leave out logs whose key has the whole TrustRoot refused, and ask the one that the policy names', async () => {
      const other = { ...log, baseUrl: 'https://other.example' };
      const spec = asked({ tlogs: [log, tiled, other], ...authorities });
      const [root, ...others] = await documents({ verifier, spec });
      const printed = listField(field(field(root, 'spec'), 'sigstoreKeys'), 'tLogs');
      const urls = printed.map((each) => field(each, 'baseURL'));
      assert.deepEqual(urls, ['https://other.example', url]);
      const first = others.map((object) => listField(field(object, 'spec'), 'authorities')[0]);
      assert.deepEqual(first.map(proofs), [
        [url, false],
        [url, false],
      ]);
    });

    it('require no provenance in tags of a log that cannot be checked, but signatures by their timestamp', async () => {
      const spec = { ...keyless.spec, ...asked({ tlogs: [tiled], ...authorities }) };
      const found = await signers({ ...keyless, spec });
      assert.deepEqual(found.map(proofs), [[undefined, true]]);
      const { err } = await run({ verifier, ...keyless, spec });
      assert.match(err, /^warning: the provenance is not checked: .* cannot tell when the certificates of/);
      assert.match(err, /^warning: entries in the log are not checked: .* Rekor v1/m);
    });

    it('require timestamps in bundles, where no log is found, and say so', async () => {
      const spec = { ...keyless.spec, ...bundles, ...asked({ tlogs: [log], ...authorities }) };
      for (const found of await signers({ ...keyless, spec })) assert.deepEqual(proofs(found), [undefined, true]);
      assert.match((await run({ verifier, ...keyless, spec })).err, /^warning: entries in the log are not checked: /);
    });

    it('are refused for bundles with entries of Rekor v2, which it cannot read', async () => {
      const spec = { ...keyless.spec, ...bundles, ...asked({ tlogs: [log], ...authorities }, { apiVersion: 2 }) };
      const { out, err } = await run({ verifier, ...keyless, spec }, 2);
      assert.equal(out, '');
      assert.match(err, /cannot read bundles with entries of Rekor v2/);
    });

    it('are refused for certificates if nothing that can be checked tells when they signed', async () => {
      const { certificateAuthorities } = authorities;
      const spec = { ...keyless.spec, ...asked({ tlogs: [tiled], certificateAuthorities }) };
      const { out, err } = await run({ verifier, ...keyless, spec }, 2);
      assert.equal(out, '');
      assert.match(
        err,
        /cannot tell when the certificates of SigningPolicy team\/builds signed it\. In cosign's tags it needs a log/,
      );
    });

    it('check keys without it where the trusted root has no authority, because such a TrustRoot is refused', async () => {
      const spec = asked({ tlogs: [log] });
      const { out, err } = await run({ verifier, spec });
      assert.doesNotMatch(out, /TrustRoot|trustRootRef/);
      assert.match(err, /^warning: entries in the log are not checked: /);
    });

    it('name an authority that has no name, because such a TrustRoot is refused', async () => {
      const unnamed = { certificateAuthorities: [{ certChain: authority.certChain }] };
      const [root] = await documents({ verifier, spec: asked({ tlogs: [log], ...unnamed }) });
      const [found] = listField(field(field(root, 'spec'), 'sigstoreKeys'), 'certificateAuthorities');
      const { subject, uri } = objectField({ found }, 'found');
      assert.deepEqual(subject, { organization: 'hallmark-team.builds', commonName: 'hallmark-team.builds' });
      assert.match(String(uri), /^https:/);
    });
  });

  it('require timestamps only if they cover what they check', async () => {
    const transparency = { type: 'None', timestampAuthorities };
    const asked = async (more: Asked): Promise<readonly boolean[]> =>
      (await signers(more)).map((authority) => field(authority, 'rfc3161timestamp') !== undefined);
    const verifier = 'policy-controller';
    assert.deepEqual(await asked({ verifier, spec: { transparency } }), [true, false]);
    assert.deepEqual(await asked({ verifier, ...inBundles, spec: { ...inBundles.spec, transparency } }), [true, true]);
  });
});

describe('for evidence that the backends of the policy do not keep with images', () => {
  const verifier = 'kyverno';
  const checked = async (asked: Omit<Asked, 'verifier'>): Promise<readonly [string, boolean, boolean]> => {
    const { out, err } = await run({ verifier, ...asked });
    return [err, out.includes('is not signed'), out.includes('has no provenance')];
  };

  it('no signature is required where backends keep bundles and the policy makes none for them', async () => {
    const backends = [backend('SigstoreBundle')];
    const [err, isSigned, isProven] = await checked({ backends });
    assert.match(
      err,
      /^warning: image signatures are not checked: no backend .* keeps imageSignatures.formats \[Simple/,
    );
    assert.deepEqual([isSigned, isProven], [false, true]);
    assert.match((await run({ verifier: 'policy-controller', backends }, 2)).err, /bundles by certificate only/);
    const script = (await run({ verifier: 'cosign', backends })).out;
    assert.equal(script.split('\n').filter((line) => line.startsWith('cosign ')).length, 1);
  });

  it('no provenance is required where no backend takes attestations', async () => {
    const backends = [backend('SigstoreBundle', ['ImageSignature'])];
    const [err, isSigned, isProven] = await checked({ spec: bundles, backends });
    assert.match(err, /^warning: the provenance is not checked: no OCI backend of SigningPolicy team\/builds takes/);
    assert.deepEqual([isSigned, isProven], [true, false]);
  });

  it('each is looked for in the encoding of its backend', async () => {
    const backends = [backend('CosignTags', ['ImageSignature']), backend('SigstoreBundle', ['Attestation'])];
    const { out, err } = await run({ verifier, backends });
    assert.equal(err, '');
    assert.match(out, /verifyImageSignatures.*[^]*verifyAttestationSignatures\(image, 'provenance'/);
    const controller = await run({ verifier: 'policy-controller', backends });
    assert.match(controller.err, /^warning: the provenance is not checked: policy-controller 0.13 verifies bundles by/);
    assert.match(controller.out, /name: hallmark-team.builds-signature/);
    assert.doesNotMatch(controller.out, /-provenance|signatureFormat/);
  });

  it('nothing is printed where no backend keeps any, but for verifiers that are handed the evidence', async () => {
    const backends = [{ ...backend('CosignTags'), spec: { type: 'Tekton' } }];
    const { out, err } = await run({ verifier, backends }, 2);
    assert.equal(out, '');
    assert.match(err, /SigningPolicy team\/builds keeps no evidence with images: it needs a backend of type OCI/);
    assert.match((await run({ verifier: 'opa', backends })).out, /^package /m);
  });

  it('only backends in reach of the policy count', async () => {
    const stranger = { ...backend('CosignTags'), metadata: { name: 'cosigntags', namespace: 'other' } };
    const ofCluster = { ...stranger, kind: 'ClusterStorageBackend', metadata: { name: 'cosigntags' } };
    for (const foreign of [stranger, ofCluster]) {
      const [err, isSigned] = await checked({ backends: [backend('SigstoreBundle'), foreign] });
      assert.match(err, /image signatures are not checked/);
      assert.equal(isSigned, false);
    }
    const named = { backendRefs: [{ kind: 'StorageBackend', name: 'sigstorebundle' }] };
    const both = [backend('SigstoreBundle'), backend('CosignTags')];
    assert.match((await checked({ spec: named, backends: both }))[0], /image signatures are not checked/);
  });

  it('all that the policy signs is required where its backends are not known, and a warning says so', async () => {
    const [err, isSigned, isProven] = await checked({ spec: bundles, backends: [] });
    assert.match(err, /^warning: the backends of SigningPolicy team\/builds are not known, because the file does not/);
    assert.deepEqual([isSigned, isProven], [true, true]);
  });
});

describe('for an admission controller', () => {
  for (const verifier of ['kyverno', 'policy-controller']) {
    it(`the command refuses to have ${verifier} judge the images of everybody`, async () => {
      const unlimited = { verifier, spec: { subjects: {} } };
      const { out, err } = await run(unlimited, 2);
      assert.match(err, /set spec.subjects.allowedRepositories, or name repositories with --images/);
      assert.equal(out, '');
      const named = await run({ ...unlimited, args: ['--images', 'registry.example/team/app'] });
      assert.match(named.out, /registry\.example\/team\/app/);
    });
  }

  it('names of generated objects differ for any two policies', async () => {
    const name = async (namespace: string, policy: string): Promise<unknown> => {
      const [found] = await documents({ verifier: 'kyverno', metadata: { name: policy, namespace } });
      return field(field(found, 'metadata'), 'name');
    };
    assert.deepEqual([await name('a-b', 'c'), await name('a', 'b-c')], ['hallmark-a-b.c', 'hallmark-a.b-c']);
  });

  it('other verifiers refuse its options', async () => {
    for (const args of [['--enforce'], ['--images', 'registry.example/team/app']])
      assert.match((await run({ verifier: 'cosign', args }, 2)).err, /are for admission controllers/);
  });
});

describe('the script for cosign', () => {
  it('checks at least one thing, and each by its own type', async () => {
    const checks = async (spec: object): Promise<readonly string[]> =>
      (await printed('cosign', spec)).split('\n').filter((line) => line.startsWith('cosign '));
    assert.match(
      (await checks({})).join('\n'),
      /^cosign verify --new-bundle-format=false .*\ncosign verify-attestation --type/,
    );
    const inBundles = (await checks(bundles)).join('\n');
    assert.match(inBundles, /--type 'https:\/\/sigstore.dev\/cosign\/sign\/v1' .*\n.*--type 'https:\/\/slsa.dev/);
    const either = await checks({ imageSignatures: { formats: ['SimpleSigning', 'SigstoreStatement'] } });
    assert.deepEqual([either.length, either[0]?.endsWith('||')], [3, true]);
    const rekor = { url: 'https://log.example', apiVersion: 2 };
    assert.equal((await checks({ transparency: { type: 'Rekor', rekor } })).length, 1);
    assert.equal((await checks({ imageSignatures: { formats: [] } })).length, 1);
    assert.equal((await checks({ attestation: { format: 'None' } })).length, 1);
  });

  it('takes no tag, which could lead to another image at each check', async () => {
    const script = file('verify.sh', await printed('cosign', {}));
    const { status, stdout, stderr } = spawnSync('/bin/sh', [script, 'registry.example/team/app:v1'], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout, stderr], [2, '', 'usage: sh FILE IMAGE@sha256:DIGEST\n']);
  });

  it('is refused for a policy that stores nothing in a registry', async () => {
    const rekor = { url: 'https://log.example', apiVersion: 2 };
    const nothing = { attestation: { format: 'None' }, transparency: { type: 'Rekor', rekor } };
    for (const verifier of ['cosign', 'kyverno', 'policy-controller']) {
      assert.equal(await printed(verifier, nothing, 2), '');
    }
  });
});

describe('the keys of a policy', () => {
  const verifiers = ['cosign', 'kyverno', 'policy-controller', 'conforma'];

  it('are printed without a word around them, which a shell would carry out', async () => {
    const publicKey = `${signer.key.publicKey.trimEnd()}\nEND_OF_FILE\necho taken over\n`;
    const status = { verificationKeys: [{ ...signer.key, publicKey, state: 'Active' }] };
    for (const verifier of verifiers) {
      const { out } = await run({ verifier, status });
      assert.match(out, /BEGIN PUBLIC KEY/);
      assert.doesNotMatch(out, /taken over/);
    }
    const unreadable = { verificationKeys: [{ ...signer.key, publicKey: 'none', state: 'Active' }] };
    const { out, err } = await run({ verifier: 'cosign', status: unreadable }, 3);
    assert.equal(out, '');
    assert.match(err, /SigningPolicy team\/builds publishes a key that cannot be read/);
  });

  it('come with a warning if they have a window, because none of the verifiers checks it', async () => {
    const retired = { ...signer.key, state: 'Retired', notAfter: '2026-01-01T00:00:00Z' };
    const status = { verificationKeys: [retired] };
    for (const verifier of verifiers) {
      const { err } = await run({ verifier, status });
      assert.match(err, /^warning: the window of key SHA256:\S+ is not checked \(notAfter 2026-01-01T00:00:00.000Z\)/m);
      assert.doesNotMatch((await run({ verifier })).err, /window/);
    }
  });
});

describe('for a policy that signs with certificates and lists a key', () => {
  const certificateIdentity = { identity: 'https://kubernetes.io/namespaces/a/serviceaccounts/s', issuer: 'https://i' };
  const verificationKeys = [{ ...signer.key, state: 'Retired' }];
  const signs = { type: 'Keyless', keyless: { fulcioURL: 'https://f.example', serviceAccountName: 's' } };
  const spec = { signer: signs, transparency: { type: 'Rekor', rekor: { url: 'https://log.example' } } };
  const text = (verifier: string): Promise<string> =>
    printed(verifier, spec, 0, { certificateIdentity, verificationKeys });
  const pem = signer.key.publicKey.split('\n')[1] ?? '';

  for (const verifier of ['cosign', 'policy-controller']) {
    it(`${verifier} accepts both`, async () => {
      const given = await text(verifier);
      assert.ok(given.includes(certificateIdentity.identity) && given.includes(pem), given);
    });
  }

  it('kyverno accepts the key, and says why it accepts no certificate', async () => {
    const { out, err } = await run({ verifier: 'kyverno', spec, status: { certificateIdentity, verificationKeys } });
    assert.deepEqual([out.includes(certificateIdentity.identity), out.includes(pem)], [false, true]);
    assert.match(err, /the certificate identity is not accepted: .* type: TUF/);
  });

  it('conforma, which accepts one signer, accepts the active one', async () => {
    const given = await text('conforma');
    assert.deepEqual([given.includes(certificateIdentity.identity), given.includes(pem)], [true, false]);
  });

  it('conforma has the builder and the predicate type as data of its rules', async () => {
    const data = {
      allowed_builder_ids: ['https://builds.example'],
      allowed_predicate_types: ['https://slsa.dev/provenance/v1'],
    };
    const { out } = await run({ verifier: 'conforma', spec: { attestation: { builderID: 'https://builds.example' } } });
    assert.deepEqual(field(listField(parse(out), 'sources')[0], 'ruleData'), data);
  });

  it('conforma says that it does not accept the other, and warns of no window of it', async () => {
    const ended = { verificationKeys: [{ ...signer.key, state: 'Retired', notAfter: '2026-01-01T00:00:00Z' }] };
    const { err } = await run({ verifier: 'conforma', spec, status: { certificateIdentity, ...ended } });
    assert.match(err, /^warning: key SHA256:\S+ is not accepted, because Conforma takes one signer: images that only/);
    assert.doesNotMatch(err, /window/);
  });
});

describe('YAML for kubectl, which reads version 1.1', () => {
  it('quotes text that would be no text there', async () => {
    const matchLabels = { fleet: 'yes', size: '1_000', zone: 'off' };
    const { out } = await run({
      verifier: 'kyverno',
      kind: 'ClusterSigningPolicy',
      metadata: { name: 'builds' },
      spec: { namespaceSelector: { matchLabels } },
    });
    const selector = field(
      field(field(parse(out, { version: '1.1' }), 'spec'), 'matchConstraints'),
      'namespaceSelector',
    );
    assert.deepEqual(field(selector, 'matchLabels'), matchLabels);
  });
});

describe('a policy in a file', () => {
  const unnamed = { verifier: 'kyverno', metadata: { name: 'builds' } };

  it('has the namespace of -n where the file says none, which must be given', async () => {
    const { out } = await run({ ...unnamed, args: ['-n', 'team'] });
    assert.match(out, /^metadata:\n {2}name: hallmark-team\.builds\n {2}namespace: team$/m);
    assert.match((await run(unnamed, 2)).err, /SigningPolicy builds names no namespace: pass it with -n/);
  });

  it('is never looked for in the cluster', async () => {
    const command = trustCommand().configureOutput({ writeOut: () => assert.fail('something is printed') });
    const parsing = command.parseAsync(['-f', 'no-such-policy', '-o', 'kyverno'], { from: 'user' });
    await assert.rejects(parsing, /UsageError: no-such-policy does not exist/);
  });

  it('must be of the namespace that -n names', async () => {
    const { out, err } = await run({ verifier: 'kyverno', args: ['-n', 'other'] }, 2);
    assert.equal(out, '');
    assert.match(err, /SigningPolicy team\/builds is not of namespace other, which -n names/);
    await run({ verifier: 'kyverno', args: ['-n', 'team'] });
  });

  it('is not printed while the operator has not taken up a change of it', async () => {
    const metadata = { name: 'builds', namespace: 'team', generation: 4 };
    const { out, err } = await run({ verifier: 'kyverno', metadata, status: { observedGeneration: 3 } }, 3);
    assert.equal(out, '');
    assert.match(err, /SigningPolicy team\/builds was changed, .* \(generation 4, observed 3\): print this again/);
    await run({ verifier: 'kyverno', metadata, status: { observedGeneration: 4 } });
  });
});
