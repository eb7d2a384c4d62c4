// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleDirectory } from '../tekton/module-directory.ts';

const MODULE = 'github.com/prometheus-operator/prometheus-operator';

/** The CRDs of ServiceMonitor and PrometheusRule as the Prometheus operator ships them, as YAML documents. */
export async function monitoringKinds(): Promise<string> {
  const folder = join(await moduleDirectory(import.meta.dirname, MODULE), 'example', 'prometheus-operator-crd');
  const texts = ['servicemonitors', 'prometheusrules'].map((plural) =>
    readFileSync(join(folder, `monitoring.coreos.com_${plural}.yaml`), 'utf8'),
  );
  return texts.join('\n---\n');
}
