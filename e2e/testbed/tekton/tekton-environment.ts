// SPDX-License-Identifier: Apache-2.0
import { freePort } from '../processes/free-port.ts';

/** The environment of Tekton's Deployments, with free ports. `leaderElection` names a ConfigMap. */
export async function tektonEnvironment(leaderElection: string): Promise<Record<string, string>> {
  return {
    SYSTEM_NAMESPACE: 'tekton-pipelines',
    KUBERNETES_MIN_VERSION: 'v1.28.0',
    KUBERNETES_SERVICE_HOST: '',
    CONFIG_DEFAULTS_NAME: 'config-defaults',
    CONFIG_LOGGING_NAME: 'config-logging',
    CONFIG_OBSERVABILITY_NAME: 'config-observability',
    CONFIG_FEATURE_FLAGS_NAME: 'feature-flags',
    CONFIG_LEADERELECTION_NAME: leaderElection,
    CONFIG_SPIRE: 'config-spire',
    METRICS_DOMAIN: 'tekton.dev/pipeline',
    METRICS_PROMETHEUS_HOST: '127.0.0.1',
    METRICS_PROMETHEUS_PORT: String(await freePort()),
    PROFILING_PORT: String(await freePort()),
    POD_NAME: 'tekton-0',
  };
}
