// SPDX-License-Identifier: Apache-2.0
/** Helm keeps the CRDs when it uninstalls, and so does Argo CD; the second has Argo CD keep them if they leave the chart. */
const annotations = ['argocd.argoproj.io/sync-options: Prune=false', 'helm.sh/resource-policy: keep'];

/** Turn a CRD into a template of the chart: installed and upgraded with it, and never deleted with it. */
export function chartCrd(yaml: string): string {
  const escaped = yaml.replaceAll('{{', '{{ `{{` }}');
  const lines = annotations.map((line) => `    ${line}\n`).join('');
  const kept = escaped.replace('metadata:\n', `metadata:\n  annotations:\n${lines}`);
  return `{{- if .Values.crds.enabled }}\n${kept}{{- end }}\n`;
}
