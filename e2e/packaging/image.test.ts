// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { debianPackages } from '../../packaging/image/debian-packages.ts';
import { nodeBinary } from '../../packaging/node-binary.ts';
import { architectureOf, platforms } from '../../packaging/platform.ts';
import { asManifest, at, manifests } from '../chart/helm.ts';
import { hallmarkCommand } from '../harness/hallmark-command.ts';
import { checkout, Installation } from '../harness/installation.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { adminClient } from '../resilience/admin-client.ts';
import { ManagedRuns, managedRuns } from '../resilience/managed-runs.ts';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';
import { Registry } from '../testbed/registry/registry.ts';
import { Cosign } from '../testbed/cosign/cosign.ts';
import { noImage, ownPlatform, userEnvironment } from './own-environment.ts';
import {
  copyCheckout,
  copyDockerContext,
  digests,
  keyFile,
  processOf,
  processorOf,
  type UnpackedImage,
  unpackImage,
  UnpackedLayout,
} from './unpacked-image.ts';

/** Both builds get them, because the copy of the checkout is no git repository. */
const origin = { SOURCE_DATE_EPOCH: '1767225600', revision: 'c0ffee' };
const { privateKey, publicKey } = newSigningKey();

interface Made {
  readonly digests: readonly string[];
  readonly image: UnpackedLayout;
  readonly chart: UnpackedLayout;
}

describe('the image', { skip: noImage, concurrency: 4 }, () => {
  let supervisor: Supervisor;
  let registry: Registry;
  let made: Made;
  let unpacked: UnpackedImage;
  let trust: readonly string[];

  before(async () => {
    supervisor = new Supervisor('image');
    registry = await Registry.start(supervisor, { referrers: true });
    const key = keyFile(supervisor.dataDirectory('keys'), privateKey);
    const publicPath = join(supervisor.dataDirectory('keys'), 'release.pub');
    writeFileSync(publicPath, publicKey);
    trust = ['--key', publicPath];
    made = await make(checkout, ['--repository', `${registry.host}/hallmark`, '--key', key, '--push']);
    unpacked = unpackImage(made.image, supervisor.dataDirectory('root'));
  });
  after(async () => {
    await registry.stop();
    await supervisor.stop();
  });

  /** Runs `npm run image` in a checkout, as a user would. */
  async function make(
    folder: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Made> {
    const output = supervisor.dataDirectory(`build-${folder.length}`);
    const program = [
      'packaging/image.ts',
      '--platform',
      ownPlatform,
      '--output',
      output,
      '--revision',
      origin.revision,
      // Debian may release an update between two builds.
      '--debian',
      supervisor.dataDirectory('debian'),
    ];
    const { stdout } = await runCommand(process.execPath, [...program, ...args], {
      cwd: folder,
      env: { ...userEnvironment(), SOURCE_DATE_EPOCH: origin.SOURCE_DATE_EPOCH, ...env },
      timeoutSeconds: 600,
    });
    const layout = (name: string): UnpackedLayout => new UnpackedLayout(join(output, name));
    const digests = [...stdout.matchAll(/@(sha256:[0-9a-f]{64})$/gm)].map(([, digest = '']) => digest);
    return { digests, image: layout('image'), chart: layout('chart') };
  }

  const imageDigest = (): string => made.digests[0] ?? '';
  const chartDigest = (): string => made.digests[1] ?? '';

  it('is the same, and the chart too, from another folder, at another time and in another time zone', async () => {
    const copy = join(supervisor.dataDirectory('copies'), 'hallmark');
    copyCheckout(checkout, copy);
    const again = await make(copy, [], { TZ: 'Pacific/Auckland', LANG: 'tr_TR.UTF-8' });
    assert.equal(made.digests.length, 2);
    assert.deepEqual(again.digests, made.digests);
    assert.deepEqual(again.image.entries, made.image.entries.slice(0, 2), 'the SBOM is the same too');
  });

  it('holds no shell, no tool and no source', () => {
    for (const path of ['bin', 'usr/bin', 'app/src', 'app/node_modules/esbuild', 'app/node_modules/typescript'])
      assert.equal(existsSync(join(unpacked.root, path)), false, path);
    assert.match(readFileSync(join(unpacked.root, 'etc/passwd'), 'utf8'), /^nonroot:x:65532:65532:/m);
    assert.match(readFileSync(join(unpacked.root, 'var/lib/dpkg/status.d/libc6'), 'utf8'), /^Package: libc6$/m);
  });

  it('has an application that is not compiled, so that all platforms get the same', () => {
    const files = readdirSync(join(unpacked.root, 'app'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.ok(files.length > 1000);
    const paths = files.map(({ parentPath, name }) => join(parentPath, name));
    assert.deepEqual(
      paths.filter((path) => processorOf(readFileSync(path)) !== undefined),
      [],
    );
  });

  it('has the same application as the one that docker builds from the files that it gets', async () => {
    const context = supervisor.dataDirectory('context');
    copyDockerContext(checkout, context);
    const [, program = '', target = ''] =
      /^RUN node (\S+) (\S+)$/m.exec(readFileSync(join(checkout, 'Dockerfile'), 'utf8')) ?? [];
    assert.equal(target, '/application');
    const folder = supervisor.dataDirectory('application');
    await runCommand(process.execPath, [program, folder], { cwd: context, env: userEnvironment() });
    const application = digests(join(folder, 'app'));
    assert.ok(application.size > 1000);
    assert.deepEqual(application, digests(join(unpacked.root, 'app')));
  });

  it('has Node and libraries for the other platform too, which this machine cannot run', async () => {
    const [other] = platforms.filter((platform) => platform !== ownPlatform);
    assert.ok(other !== undefined);
    const libraries = (await debianPackages(architectureOf(other))).flatMap(({ files }) => files);
    const contents = [...libraries.map(({ content }) => content), (await nodeBinary(other)).bytes];
    const compiled = contents
      .filter((content) => Buffer.isBuffer(content))
      .flatMap((content) => processorOf(content) ?? []);
    assert.ok(compiled.length > 10);
    assert.deepEqual(new Set(compiled), new Set([architectureOf(other)]));
  });

  it('runs as no root, with the arguments and on the ports that the chart expects', async () => {
    const deployment = (await manifests()).find(({ kind }) => kind === 'Deployment');
    const container = asManifest(at(deployment, 'spec', 'template', 'spec', 'containers', 0));
    assert.equal(unpacked.config['User'], '65532:65532');
    assert.equal(container['command'], undefined, 'the image has the entry point');
    assert.deepEqual(unpacked.config['Cmd'], container['args']);
    const ports = [0, 1].map((index) => `${String(at(container, 'ports', index, 'containerPort'))}/tcp`);
    assert.deepEqual(Object.keys(asManifest(unpacked.config['ExposedPorts'])), ports);
  });

  it('has an SBOM that names the packages of npm and Debian, and Node', () => {
    const [artifact] = made.image.referrers(imageDigest(), 'application/spdx+json');
    const document = made.image.json(at(artifact, 'layers', 0, 'digest'));
    const packages = at(document, 'packages');
    assert.ok(Array.isArray(packages));
    const references = packages.map((entry) => String(at(entry, 'externalRefs', 0, 'referenceLocator')));
    for (const wanted of [/^pkg:npm\/undici@/, /^pkg:npm\/node-linux-/, /^pkg:deb\/debian\/libc6@.*distro=debian-13$/])
      assert.ok(
        references.some((reference) => wanted.test(reference)),
        String(wanted),
      );
    const ids = packages.map((entry) => String(at(entry, 'SPDXID')));
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      ids.filter((id) => !/^SPDXRef-[A-Za-z0-9.-]+$/.test(id)),
      [],
    );
  });

  it('is signed with the key, as cosign and hallmark verify find, and not with another', async () => {
    const cosign = await Cosign.prepare(supervisor);
    const verify = (keys: readonly string[], image: string): Promise<unknown> =>
      cosign.run(['verify', ...keys, '--insecure-ignore-tlog=true', '--allow-http-registry', image]);
    const images = [`${registry.host}/hallmark@${imageDigest()}`, `${registry.host}/charts/hallmark@${chartDigest()}`];
    const { publicKey: other } = await cosign.generateKeyPair('other');
    for (const image of images) {
      await verify(trust, image);
      await assert.rejects(verify(['--key', other], image), /accepted signatures do not match threshold/);
    }
    const program = ['src/cli/main.ts', 'verify', 'image', images[0] ?? '', ...trust, '--type', 'imagesignature'];
    const { stdout } = await runCommand(process.execPath, program, { cwd: checkout, env: userEnvironment() });
    assert.match(stdout, /verified/);
  });

  it('comes with a chart that helm pulls from the registry', async () => {
    const folder = supervisor.dataDirectory('pulled');
    const target = ['pull', `oci://${registry.host}/charts/hallmark`, '--version', '0.1.0', '--plain-http', '--untar'];
    await runCommand(await ensureBinary('helm'), target, { cwd: folder, env: supervisor.environment() });
    const pulled = readFileSync(join(folder, 'hallmark', 'values.yaml'), 'utf8');
    assert.equal(pulled, readFileSync(join(checkout, 'helm/hallmark/values.yaml'), 'utf8'));
  });

  it('runs the operator with nothing but its own files, which signs a run', async () => {
    const operator = processOf(unpacked);
    const installation = await Installation.start({ label: 'image', operator, replicas: 1, tekton: 'Kinds' });
    try {
      const team = await installation.team({ name: 'team-a', policy: managedRuns });
      const build = await new ManagedRuns(adminClient(installation.plane), team).build({ name: 'bake-1' });
      const record = await team.readyRecord(build);
      assert.equal(record.status?.stored, '2/2');
      const { code, out, err } = await hallmarkCommand(
        installation,
        'verify',
        'record',
        record.metadata.name,
        '-n',
        'team-a',
      );
      assert.equal(code, 0, out + err);
    } finally {
      await installation.stop();
    }
  });
});
