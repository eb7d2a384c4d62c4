// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect } from 'node:tls';
import { listField } from '../../../src/json/fields.ts';
import { recipeOf } from '../binaries/catalog.ts';
import { ensureBinary, moduleFolder } from '../binaries/ensure-binary.ts';
import type { ControlPlane } from '../control-plane/control-plane.ts';
import { untilEstablished } from '../control-plane/until-established.ts';
import { freePort } from '../processes/free-port.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import type { Supervisor } from '../processes/supervisor.ts';
import { moduleDirectory } from '../tekton/module-directory.ts';
import { kyvernoDefinitions, kyvernoManifests } from './kyverno-manifests.ts';

/** Kyverno's admission controller on a control plane. Its other controllers do not run, so there are no reports. */
export class Kyverno {
  readonly #process: ManagedProcess;

  private constructor(process: ManagedProcess) {
    this.#process = process;
  }

  /** Applies its CRDs and manifests and starts it; resolves when the API server asks it about policies. */
  static async start(plane: ControlPlane, supervisor: Supervisor): Promise<Kyverno> {
    const command = await ensureBinary('kyverno');
    const module = await moduleDirectory(moduleFolder(recipeOf('kyverno')), 'github.com/kyverno/kyverno');
    const definitions = kyvernoDefinitions(module);
    await plane.kubectl(['create', '-f', '-'], { stdin: definitions.map(({ text }) => text).join('---\n') });
    await untilEstablished((args) => plane.kubectl(args), ['crd', ...definitions.map(({ name }) => name)]);
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kyvernoManifests(module) });
    await plane.kubectl(['apply', '--server-side', '-f', '-'], { stdin: list });
    const port = await freePort();
    const process = supervisor.start({
      name: 'kyverno',
      command,
      graceSeconds: 0,
      args: await flags(plane, port),
      env: {
        INIT_CONFIG: 'kyverno',
        METRICS_CONFIG: 'kyverno-metrics',
        KYVERNO_NAMESPACE: 'kyverno',
        KYVERNO_POD_NAME: 'kyverno-0',
        KYVERNO_SERVICEACCOUNT_NAME: 'kyverno-admission-controller',
        KYVERNO_ROLE_NAME: 'kyverno:admission-controller',
        KYVERNO_SVC: 'kyverno-svc',
        KYVERNO_DEPLOYMENT: 'kyverno-admission-controller',
        TUF_ROOT: supervisor.dataDirectory('kyverno-tuf'),
      },
    });
    await process.untilReady(async () => (await isRegistered(plane)) && (await hasCertificate(port)));
    return new Kyverno(process);
  }

  /** Ends it; what it made stays. */
  stop(): Promise<unknown> {
    return this.#process.stop();
  }
}

async function flags(plane: ControlPlane, port: number): Promise<readonly string[]> {
  return [
    `--kubeconfig=${plane.kubeconfigPath}`,
    `--serverIP=127.0.0.1:${port}`,
    `--webhookServerPort=${port}`,
    '--webhookServerHost=127.0.0.1',
    '--caSecretName=kyverno-svc.kyverno.svc.kyverno-tls-ca',
    '--tlsSecretName=kyverno-svc.kyverno.svc.kyverno-tls-pair',
    '--disableMetrics=true',
    '--metricsHost=127.0.0.1',
    `--metricsPort=${await freePort()}`,
    `--controllerRuntimeMetricsAddress=127.0.0.1:${await freePort()}`,
    '--allowInsecureRegistry=true',
    '--enableTuf=false',
    '--admissionReports=false',
    '--backgroundServiceAccountName=system:serviceaccount:kyverno:kyverno-background-controller',
    '--reportsServiceAccountName=system:serviceaccount:kyverno:kyverno-reports-controller',
  ];
}

/** True once it has entered the webhook that judges policies. */
async function isRegistered(plane: ControlPlane): Promise<boolean> {
  const name = 'kyverno-policy-validating-webhook-cfg';
  const args = ['get', 'validatingwebhookconfiguration', name, '--ignore-not-found', '-o', 'json'];
  const { stdout } = await plane.kubectl(args);
  return stdout !== '' && listField(JSON.parse(stdout), 'webhooks').length > 0;
}

/** True once its server has a certificate: the webhooks are entered before that, and until then each handshake fails. */
async function hasCertificate(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
