// SPDX-License-Identifier: Apache-2.0
import type { KubectlOptions } from '../testbed/control-plane/control-plane.ts';
import type { CommandOutput } from '../testbed/processes/run-command.ts';
import type { HostileBed } from './hostile-bed.ts';

const EDIT = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** A member of a team with what the roles of Tekton and of the chart give to `edit`: all of runs, policies and backends but their status. */
export class TeamAttacker {
  readonly #bed: HostileBed;
  readonly #kubeconfig: string;
  readonly #namespace: string;

  private constructor(bed: HostileBed, namespace: string, kubeconfig: string) {
    this.#bed = bed;
    this.#namespace = namespace;
    this.#kubeconfig = kubeconfig;
  }

  static async enter(bed: HostileBed, namespace = bed.team.name): Promise<TeamAttacker> {
    const metadata = { name: 'attacker', namespace };
    await bed.installation.apply(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata,
        rules: [
          { apiGroups: ['tekton.dev'], resources: ['taskruns', 'pipelineruns'], verbs: EDIT },
          { apiGroups: ['hallmark.dev'], resources: ['signingpolicies', 'storagebackends'], verbs: EDIT },
          { apiGroups: ['hallmark.dev'], resources: ['provenancerecords'], verbs: ['get', 'list', 'watch', 'delete'] },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'attacker' },
        subjects: [{ kind: 'ServiceAccount', ...metadata }],
      },
    );
    return new TeamAttacker(bed, namespace, await bed.installation.plane.kubeconfigFor(namespace, 'attacker'));
  }

  /** Runs kubectl, in the team's namespace unless the arguments name another. */
  kubectl(args: readonly string[], options: Pick<KubectlOptions, 'stdin'> = {}): Promise<CommandOutput> {
    const place = args.includes('-n') ? [] : ['-n', this.#namespace];
    return this.#bed.installation.kubectl([...args, ...place], { ...options, kubeconfig: this.#kubeconfig });
  }

  /** Deletes a TaskRun and creates another object under its name. */
  async replaceTaskRun(name: string, forged: object): Promise<void> {
    await this.kubectl(['delete', 'taskrun', name, '--wait=true']);
    await this.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(forged) });
  }
}
