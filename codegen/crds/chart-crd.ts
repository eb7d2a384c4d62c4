// SPDX-License-Identifier: Apache-2.0
/** Turn a CRD into a template of the chart: installed and upgraded with it, kept when it is uninstalled. */
export function chartCrd(yaml: string): string {
  const escaped = yaml.replaceAll('{{', '{{ `{{` }}');
  const kept = escaped.replace('metadata:\n', 'metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n');
  return `{{- if .Values.crds.enabled }}\n${kept}{{- end }}\n`;
}
