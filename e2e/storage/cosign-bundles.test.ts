// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KeySigner } from '../../src/signing/key/key-signer.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import { dockerConfig } from '../testbed/registry/credentials.ts';
import { Registry } from '../testbed/registry/registry.ts';
import type { RegistryOptions } from '../testbed/registry/registry.ts';
import { newSigner, ociDriver, pushAccount } from './oci-bed.ts';
import { runTarget, signedImage, signedImageStatement, signedStatement } from './signed-evidence.ts';
import { StorageBed } from './storage-bed.ts';

const never = new AbortController().signal;
const auth = { username: 'builder', password: 'planted-secret' };
const kinds: Readonly<Record<string, RegistryOptions>> = {
  'with the referrers API and Basic authentication': { referrers: true, auth },
  'without the referrers API, with tokens': { referrers: false, auth, token: true },
};

let bed: StorageBed;
let namespace: string;
let signer: KeySigner;
let cosign: string;

before(async () => {
  bed = await StorageBed.start('cosign-bundles');
  namespace = await bed.namespace();
  signer = await newSigner();
  cosign = await ensureBinary('cosign');
});
after(() => bed.stop());

/** A reader of a registry with the account's credentials. */
class Reader {
  readonly #environment: Readonly<Record<string, string>>;

  constructor(host: string) {
    const folder = bed.supervisor.dataDirectory(`docker-${host.replace(/\W/g, '-')}`);
    writeFileSync(join(folder, 'config.json'), dockerConfig(host, auth), { mode: 0o600 });
    this.#environment = { ...bed.supervisor.environment(), DOCKER_CONFIG: folder };
  }

  cosign(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandOutput> {
    return runCommand(cosign, args, { env: { ...this.#environment, ...env } });
  }
}

function publicKey(of: KeySigner): string {
  const path = join(bed.supervisor.dataDirectory('keys'), `${of.keyID.replaceAll(/\W/g, '')}.pub`);
  writeFileSync(path, of.publicKey);
  return path;
}

function trust(of: KeySigner): readonly string[] {
  return ['--key', publicKey(of), '--insecure-ignore-tlog=true'];
}

describe('independent readers', () => {
  for (const [title, options] of Object.entries(kinds)) {
    describe(`find bundles in a registry ${title}:`, () => {
      let registry: Registry;
      let reader: Reader;
      let image: string;
      let sha256: string;
      const account = options.referrers ? 'api' : 'fallback';

      async function store(encoding: 'SigstoreBundle' | 'CosignTags', repository?: string): Promise<void> {
        const run = runTarget(namespace, { serviceAccountName: account });
        const driver = ociDriver(bed, namespace, { encoding, ...(repository === undefined ? {} : { repository }) });
        const name = `${registry.host}/team/app`;
        const sign = encoding === 'SigstoreBundle' ? signedImageStatement : signedImage;
        await driver.put(await sign(signer, name, sha256), run, never);
        await driver.put(await signedStatement(signer, [{ name, digest: { sha256 } }]), run, never);
      }

      async function push(): Promise<void> {
        const pushed = await registry.pushImage('team/app');
        [image, sha256] = [pushed.reference, pushed.digest.slice('sha256:'.length)];
      }

      before(async () => {
        registry = await Registry.start(bed.supervisor, options);
        await pushAccount(bed, { namespace, name: account }, [registry.host], auth);
        reader = new Reader(registry.host);
        await push();
        await store('SigstoreBundle');
      });
      after(() => registry.stop());

      it('cosign verify and verify-attestation by this key, and by no other', async () => {
        const other = await newSigner();
        const verified = await reader.cosign(['verify', ...trust(signer), image]);
        assert.ok(verified.stdout.includes(sha256), verified.stdout);
        const attestation = ['verify-attestation', '--type', 'slsaprovenance1'];
        const attested = await reader.cosign([...attestation, ...trust(signer), image]);
        assert.match(attested.stdout, /"payloadType":\s*"application\/vnd.in-toto\+json"/);
        await assert.rejects(reader.cosign(['verify', ...trust(other), image]));
        await assert.rejects(reader.cosign([...attestation, ...trust(other), image]));
      });

      it('cosign tree and download attestation', async () => {
        const tree = await reader.cosign(['tree', image]);
        assert.match(tree.stdout, /https:\/\/sigstore\.dev\/cosign\/sign\/v1/);
        assert.match(tree.stdout, /https:\/\/slsa\.dev\/provenance\/v1/);
        const downloaded = await reader.cosign(['download', 'attestation', image]);
        assert.match(downloaded.stdout, /dsseEnvelope|payloadType/);
      });

      it('any client, beside an image that is as it was: by a tag only where the API is missing', async () => {
        const client = registry.client();
        const manifest = await client.send(`/v2/team/app/manifests/sha256:${sha256}`);
        assert.equal(createHash('sha256').update(manifest.body).digest('hex'), sha256);
        const tags = await client.send('/v2/team/app/tags/list');
        assert.equal(tags.status, 200);
        assert.equal(tags.body.toString().includes(`"sha256-${sha256}"`), !options.referrers);
      });

      it('both encodings of one image side by side, each by its own readers', async () => {
        await push();
        await store('CosignTags');
        await store('SigstoreBundle');
        for (const more of [[], ['--new-bundle-format=false']]) {
          await reader.cosign(['verify', ...more, ...trust(signer), image]);
          const type = ['--type', 'slsaprovenance1'];
          await reader.cosign(['verify-attestation', ...more, ...type, ...trust(signer), image]);
        }
        const signature = await reader.cosign(['download', 'signature', image]);
        assert.match(signature.stdout, /Base64Signature|dsseEnvelope/);
      });

      it('another repository that COSIGN_REPOSITORY names', async () => {
        await push();
        const repository = `${registry.host}/team/evidence`;
        await store('SigstoreBundle', repository);
        await reader.cosign(['verify', ...trust(signer), image], { COSIGN_REPOSITORY: repository });
        await assert.rejects(reader.cosign(['verify', ...trust(signer), image]));
      });
    });
  }
});
