// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBinary } from '../testbed/binaries/ensure-binary.ts';
import { compileCache } from '../testbed/processes/compile-cache.ts';
import { runCommand } from '../testbed/processes/run-command.ts';
import { Testbed } from '../testbed/testbed.ts';
import { checkout } from '../harness/installation.ts';
import { operatorProgram } from '../harness/operator-program.ts';
import type { PageCommand } from './page-commands.ts';

const PAGE_SECONDS = 600;
/** The folders of the checkout that pages name. */
const shownFolders = ['bin', 'helm', 'samples'];

/**
 * The machine of a reader: the testbed's control plane, Tekton and registry, kubectl, helm and cosign on the PATH, and a folder that
 * looks like a checkout. Containers cannot run here, so some commands are replaced, and the node states the image that the sample's
 * builder would push.
 */
export class PageMachine {
  readonly #testbed: Testbed;
  readonly #folder: string;

  private constructor(testbed: Testbed) {
    this.#testbed = testbed;
    this.#folder = testbed.supervisor.dataDirectory('page');
  }

  static async start(): Promise<PageMachine> {
    const command = [process.execPath, operatorProgram];
    const testbed = await Testbed.start({
      label: 'page',
      tekton: true,
      cosign: true,
      helm: true,
      registries: [{ referrers: true }],
      nodeAgent: { images: { 'registry.hallmark.dev/hallmark': { command, cwd: checkout, env: compileCache() } } },
    });
    const machine = new PageMachine(testbed);
    await machine.#prepare();
    return machine;
  }

  stop(): Promise<void> {
    return this.#testbed.stop();
  }

  /** The text to run instead of a command that needs containers or a network: '' skips it. Undefined runs it as it is written. */
  replacement({ text }: PageCommand): string | undefined {
    const { host } = this.#testbed.registry();
    // The cluster, its Tekton, the registry and the packages of the checkout are there already.
    if (/^(kind|docker) /.test(text) || text === 'npm ci') return '';
    if (/^kubectl .*(tekton-releases\/|-n tekton-pipelines )/.test(text)) return '';
    if (/^export (LOCAL_)?REGISTRY=/.test(text)) return text.replace(/=.*/, `=${host}`);
    // The operator's processes listen on this machine, and may reach its registry.
    if (text.startsWith('helm install ')) return `${text} --values ${join(this.#folder, 'values.yaml')}`;
    return undefined;
  }

  /** Runs the commands in one shell, as a reader would. @returns the output of each; rejects at the first that fails */
  async run(commands: readonly PageCommand[]): Promise<readonly string[]> {
    const separator = '=== the next command ===';
    const script = commands.flatMap((command) => [`echo '${separator}'`, this.replacement(command) ?? command.text]);
    const binaries = await Promise.all((['kubectl', 'helm', 'cosign'] as const).map((name) => ensureBinary(name)));
    const tools = this.#testbed.supervisor.dataDirectory('page-tools');
    for (const [index, name] of ['kubectl', 'helm', 'cosign'].entries())
      symlinkSync(binaries[index] ?? '', join(tools, name));
    symlinkSync(process.execPath, join(tools, 'node'));
    const { stdout } = await runCommand('bash', ['-euo', 'pipefail', '-c', script.join('\n')], {
      cwd: this.#folder,
      env: {
        ...this.#testbed.supervisor.environment(),
        ...compileCache(),
        PATH: `${tools}:/usr/bin:/bin`,
        KUBECONFIG: this.#testbed.plane.kubeconfigPath,
        HOME: this.#folder,
      },
      timeoutSeconds: PAGE_SECONDS,
    });
    return stdout
      .split(`${separator}\n`)
      .slice(1)
      .map((output) => output.trimEnd());
  }

  async #prepare(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true });
    for (const name of shownFolders) symlinkSync(join(checkout, name), join(this.#folder, name));
    const registry = this.#testbed.registry();
    const values = { config: { http: { host: '127.0.0.1' }, outbound: { allow: [registry.host] } } };
    writeFileSync(join(this.#folder, 'values.yaml'), JSON.stringify(values));
    const { digest } = await registry.pushImage('team-a/rolls', 'rolls');
    // Only the digest comes from outside: the name is the one that the page gave the run.
    this.#testbed.nodeAgent.setTektonBehaviour(() => ({
      results: { IMAGE_URL: `${registry.host}/team-a/rolls`, IMAGE_DIGEST: digest },
    }));
  }
}
