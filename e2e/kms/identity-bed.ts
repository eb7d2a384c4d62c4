// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { KubeClient } from '../../src/kube/kube-client.ts';
import { KubeConnection } from '../../src/kube/kube-connection.ts';
import { KubeObjectReader } from '../../src/kube/kube-object-reader.ts';
import { KubeTokenSource } from '../../src/kube/kube-token-source.ts';
import type { TokenDestination } from '../../src/kube/kube-token-source.ts';
import { EgressClient } from '../../src/net/egress-client.ts';
import { ManualClock } from '../../src/runtime/manual-clock.fixture.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import type { KmsSpec } from '../../src/signing/kms/kms-definition.ts';
import { kmsSource } from '../../src/signing/kms/kms-source.ts';
import type { SigningContext } from '../../src/signing/signing-context.ts';
import type { SigningSource } from '../../src/signing/signing-source.ts';
import { ControlPlane } from '../testbed/control-plane/control-plane.ts';
import { Supervisor } from '../testbed/processes/supervisor.ts';

/** The team's namespace, and its ServiceAccount that signs. */
export const TEAM = 'bakers';
export const SIGNER = 'signer';

/** A real control plane with a team, and the operator's rights on it: tokens of the team's `signer` only. */
export class IdentityBed {
  readonly supervisor: Supervisor;
  readonly plane: ControlPlane;
  readonly clock = new ManualClock(new Date());
  readonly #kubeconfig: string;
  readonly #doors: EgressClient[] = [];
  readonly #connections: KubeConnection[] = [];
  readonly #sources: SigningSource[] = [];

  private constructor(supervisor: Supervisor, plane: ControlPlane, kubeconfig: string) {
    this.supervisor = supervisor;
    this.plane = plane;
    this.#kubeconfig = kubeconfig;
  }

  static async start(label: string): Promise<IdentityBed> {
    const supervisor = new Supervisor(label);
    const plane = await ControlPlane.start(supervisor);
    for (const args of [
      ['create', 'namespace', TEAM],
      ['create', 'serviceaccount', SIGNER, '-n', TEAM],
      ['create', 'serviceaccount', 'other', '-n', TEAM],
      ['create', 'serviceaccount', 'operator', '-n', 'default'],
      ['create', 'clusterrole', 'reader', '--verb=get', '--resource=secrets,configmaps'],
      ['create', 'clusterrolebinding', 'reader', '--clusterrole=reader', '--serviceaccount=default:operator'],
      [
        'create',
        'role',
        'tokens',
        '-n',
        TEAM,
        '--verb=create',
        '--resource=serviceaccounts/token',
        `--resource-name=${SIGNER}`,
      ],
      ['create', 'rolebinding', 'tokens', '-n', TEAM, '--role=tokens', '--serviceaccount=default:operator'],
      // A verifier of tokens reads the keys that the API server publishes without a token.
      [
        'create',
        'clusterrolebinding',
        'discovery',
        '--clusterrole=system:service-account-issuer-discovery',
        '--group=system:unauthenticated',
      ],
    ])
      await plane.kubectl(args);
    return new IdentityBed(supervisor, plane, await plane.kubeconfigFor('default', 'operator'));
  }

  /** Signing context with the operator's own rights, tokens for these destinations, and egress to these hosts. */
  context(allow: readonly string[], destinations: readonly TokenDestination[]): SigningContext {
    const connection = KubeConnection.fromText(readFileSync(this.#kubeconfig, 'utf8'), { clock: systemClock });
    const client = new KubeClient({ connection, clock: systemClock, userAgent: 'hallmark/test' });
    const egress = new EgressClient({ allow });
    this.#doors.push(egress);
    this.#connections.push(connection);
    return {
      objects: new KubeObjectReader({ client, clock: systemClock, secretAgeMs: 0 }),
      tokens: new KubeTokenSource({ client, clock: this.clock, destinations }),
      egress,
      clock: this.clock,
      keylessAudience: 'sigstore',
    };
  }

  /** The source of the team's policy. */
  source(kms: KmsSpec, context: SigningContext): SigningSource {
    const policy = { kind: 'SigningPolicy', description: `SigningPolicy ${TEAM}/builds`, homeNamespace: TEAM } as const;
    const source = kmsSource({ ...policy, signer: { type: 'KMS', kms } }, context);
    this.#sources.push(source);
    return source;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources) await source.close();
    await Promise.all(this.#doors.map((egress) => egress.close()));
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await this.supervisor.stop();
  }
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  return typeof claims === 'object' && claims !== null ? { ...claims } : {};
}
