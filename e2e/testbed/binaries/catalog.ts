// SPDX-License-Identifier: Apache-2.0
import type { Mending } from './mended-module.ts';

/** One Go build: a folder of `servers/` and what comes out of it. */
export interface BuildRecipe {
  /** The folder under `servers/`, and the name for `build.ts`. */
  readonly name: string;
  readonly version: string;
  /** The package to build; the folder itself by default. */
  readonly package?: string;
  /** Values that `-X` sets. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Build tags, separated by commas. */
  readonly tags?: string;
  /** Changes to a module that it requires. */
  readonly mending?: Mending;
  /** The commands that the one binary serves, selected by the name that it is called with. */
  readonly commands: readonly Command[];
  /** Its commands run through the whole suite, or often: the compiler takes its time for them. Others are compiled quickly, and run slower. */
  readonly isMuchUsed?: true;
  /** Usual seconds of the build on 2 cores with empty caches. */
  readonly expectedSeconds: number;
}

export type Command =
  | 'kyverno'
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kubectl'
  | 'helm'
  | 'tekton-controller'
  | 'tekton-webhook'
  | 'cosign'
  | 'referrers-registry'
  | 'tag-registry'
  | 'fulcio'
  | 'timestamp-server'
  | 'rekor-tiles'
  | 'rekor-server'
  | 'trillian'
  | 'fake-gcs-server'
  | 'grafeas'
  | 'archivista'
  | 'opa'
  | 'kafka-broker'
  | 'kafka-reader'
  | 'ferretdb'
  | 'grafeas-v1'
  | 'transit'
  | 'otlp-receiver'
  | 'promtool'
  | 'dashboard-check'
  | 'argocd-application-controller'
  | 'argocd-applicationset-controller'
  | 'argocd-repo-server'
  | 'argocd-redis'
  | 'argocd-health'
  | 'kstatus'
  | 'flux-check'
  | 'krew'
  | 'actionlint'
  | 'connect-proxy'
  | 'policy-controller'
  | 'conftest'
  | 'chains-controller';

const kubernetesVersion = 'k8s.io/component-base/version';

/** Clients that look at the server's version refuse one that was built without these. */
function kubernetesVariables(minor: number, patch: number): Readonly<Record<string, string>> {
  return {
    [`${kubernetesVersion}.gitVersion`]: `v1.${minor}.${patch}`,
    [`${kubernetesVersion}.gitMajor`]: '1',
    [`${kubernetesVersion}.gitMinor`]: String(minor),
    [`${kubernetesVersion}.gitCommit`]: '0'.repeat(40),
    [`${kubernetesVersion}.gitTreeState`]: 'clean',
    [`${kubernetesVersion}.buildDate`]: '2026-01-01T00:00:00Z',
  };
}

/** The oldest Kubernetes that the chart admits. `npm run test:versions` alone builds it. */
export const oldestKubernetes: BuildRecipe = {
  name: 'kubernetes-oldest',
  version: '1.31.0',
  variables: kubernetesVariables(31, 0),
  commands: ['kube-apiserver', 'kube-controller-manager'],
  isMuchUsed: true,
  expectedSeconds: 290,
};

/** Everything that the testbed builds. */
export const catalog: readonly BuildRecipe[] = [
  {
    name: 'kyverno',
    version: '1.19.1',
    package: 'github.com/kyverno/kyverno/cmd/kyverno',
    commands: ['kyverno'],
    expectedSeconds: 210,
  },
  { name: 'etcd', version: '3.6.16', commands: ['etcd'], isMuchUsed: true, expectedSeconds: 66 },
  {
    name: 'kubernetes',
    version: '1.36.3',
    variables: kubernetesVariables(36, 3),
    commands: ['kube-apiserver', 'kube-controller-manager'],
    isMuchUsed: true,
    expectedSeconds: 270,
  },
  {
    // Tests start it hundreds of times, and a binary that holds the API server as well takes twice as long to start.
    name: 'kubectl',
    version: '1.36.3',
    variables: kubernetesVariables(36, 3),
    commands: ['kubectl'],
    isMuchUsed: true,
    expectedSeconds: 60,
  },
  {
    name: 'referrers-registry',
    version: '0.22.1',
    commands: ['referrers-registry'],
    isMuchUsed: true,
    expectedSeconds: 10,
  },
  { name: 'tag-registry', version: '3.1.2', commands: ['tag-registry'], isMuchUsed: true, expectedSeconds: 65 },
  {
    name: 'tekton',
    version: '1.15.0',
    commands: ['tekton-controller', 'tekton-webhook'],
    expectedSeconds: 220,
  },
  {
    name: 'cosign',
    version: '3.1.3',
    package: 'github.com/sigstore/cosign/v3/cmd/cosign',
    variables: { 'sigs.k8s.io/release-utils/version.gitVersion': 'v3.1.3' },
    commands: ['cosign'],
    expectedSeconds: 150,
  },
  {
    name: 'helm',
    version: '4.1.4',
    package: 'helm.sh/helm/v4/cmd/helm',
    variables: { 'helm.sh/helm/v4/internal/version.version': 'v4.1.4' },
    commands: ['helm'],
    isMuchUsed: true,
    expectedSeconds: 120,
  },
  {
    name: 'fulcio',
    version: '1.8.8',
    package: 'github.com/sigstore/fulcio',
    commands: ['fulcio'],
    expectedSeconds: 68,
  },
  {
    name: 'timestamp-authority',
    version: '2.1.3',
    commands: ['timestamp-server'],
    expectedSeconds: 25,
  },
  {
    name: 'rekor-tiles',
    version: '2.3.0',
    package: 'github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix',
    commands: ['rekor-tiles'],
    expectedSeconds: 17,
  },
  {
    name: 'rekor',
    version: '1.5.3',
    package: 'github.com/sigstore/rekor/cmd/rekor-server',
    commands: ['rekor-server'],
    expectedSeconds: 75,
  },
  { name: 'trillian', version: '1.8.0', commands: ['trillian'], expectedSeconds: 30 },
  {
    name: 'fake-gcs-server',
    version: '1.56.1',
    package: 'github.com/fsouza/fake-gcs-server',
    commands: ['fake-gcs-server'],
    expectedSeconds: 80,
  },
  {
    name: 'grafeas',
    version: '0.2.3',
    package: 'github.com/grafeas/grafeas/go/v1beta1/main',
    commands: ['grafeas'],
    expectedSeconds: 18,
  },
  { name: 'archivista', version: '0.10.0', commands: ['archivista'], expectedSeconds: 93 },
  { name: 'opa', version: '1.22.2', commands: ['opa'], expectedSeconds: 35 },
  { name: 'ferretdb', version: '1.24.0', commands: ['ferretdb'], expectedSeconds: 46 },
  { name: 'grafeas-v1', version: '0.2.3', commands: ['grafeas-v1'], expectedSeconds: 15 },
  {
    name: 'kafka',
    version: '1.22.3',
    commands: ['kafka-broker', 'kafka-reader'],
    expectedSeconds: 12,
  },
  { name: 'otlp-receiver', version: '0.165.0', commands: ['otlp-receiver'], expectedSeconds: 70 },
  {
    name: 'promtool',
    version: '3.16.0',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    // Rules are checked and run without the clients of clouds, which are most of it.
    tags: 'remove_all_sd',
    commands: ['promtool'],
    expectedSeconds: 110,
  },
  { name: 'dashboard-check', version: '0.0.22', commands: ['dashboard-check'], expectedSeconds: 20 },
  { name: 'connect-proxy', version: '1.9.4', commands: ['connect-proxy'], expectedSeconds: 12 },
  // The commit of OpenBao's v2.4.0, whose module has no version of its own.
  { name: 'transit', version: '2.4.0', commands: ['transit'], expectedSeconds: 25 },
  {
    name: 'argocd',
    version: '3.2.11',
    commands: [
      'argocd-application-controller',
      'argocd-applicationset-controller',
      'argocd-repo-server',
      'argocd-redis',
      'argocd-health',
    ],
    expectedSeconds: 280,
  },
  { name: 'flux', version: '1.3.0', commands: ['kstatus', 'flux-check'], expectedSeconds: 20 },
  { name: 'krew', version: '0.4.3', package: 'sigs.k8s.io/krew/cmd/krew', commands: ['krew'], expectedSeconds: 20 },
  {
    name: 'actionlint',
    version: '1.7.12',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    commands: ['actionlint'],
    expectedSeconds: 10,
  },
  { name: 'chains', version: '0.22.0', commands: ['chains-controller'], expectedSeconds: 280 },
  {
    name: 'policy-controller',
    version: '0.13.1',
    package: 'github.com/sigstore/policy-controller/cmd/webhook',
    // Its own flag for the port is read too late to have an effect. It would listen on all interfaces.
    mending: {
      module: 'knative.dev/pkg',
      changes: [
        {
          file: 'webhook/webhook.go',
          text: 'fmt.Sprint(":", wh.Options.Port)',
          replacement: 'fmt.Sprint("127.0.0.1:", PortFromEnv(wh.Options.Port))',
        },
        { file: 'profiling/server.go', text: '":" + port', replacement: '"127.0.0.1:" + port' },
        // Its probes have no setting for their port, and nothing asks them.
        {
          file: 'injection/health_check.go',
          text: 'Addr: ":" + strconv.Itoa(port)',
          replacement: 'Addr: "127.0.0.1:" + strconv.Itoa(0)',
        },
      ],
    },
    commands: ['policy-controller'],
    expectedSeconds: 120,
  },
  {
    name: 'conftest',
    version: '0.71.1',
    package: 'github.com/open-policy-agent/conftest',
    commands: ['conftest'],
    expectedSeconds: 60,
  },
];

/** The recipe whose binary serves `command`. */
export function recipeOf(command: Command): BuildRecipe {
  const recipe = catalog.find(({ commands }) => commands.includes(command));
  if (recipe === undefined) throw new Error(`no recipe builds ${command}`);
  return recipe;
}
