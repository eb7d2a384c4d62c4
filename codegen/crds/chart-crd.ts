// SPDX-License-Identifier: Apache-2.0
/** A CRD as a template of the chart: installed with it, upgraded with it, and kept when it is uninstalled. */
export function chartCrd(yaml: string): string {
  const escaped = yaml.replaceAll('{{', '{{ `{{` }}');
  const kept = escaped.replace('metadata:\n', 'metadata:\n  annotations:\n    helm.sh/resource-policy: keep\n');
  return `{{- if .Values.crds.enabled }}\n${kept}{{- end }}\n`;
}
