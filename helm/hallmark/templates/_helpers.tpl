{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{- define "hallmark.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "hallmark.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else }}
{{- $name := include "hallmark.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* Cluster-wide objects carry the namespace, so that two namespaced installs never share a name. */}}
{{- define "hallmark.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "hallmark.fullname" .) }}
{{- end }}

{{- define "hallmark.selectorLabels" -}}
app.kubernetes.io/name: {{ include "hallmark.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hallmark.ownLabels" -}}
{{ include "hallmark.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The labels of all objects. Those of the chart itself have precedence, so that selectors still match. */}}
{{- define "hallmark.labels" -}}
{{ mergeOverwrite (deepCopy .Values.commonLabels) (include "hallmark.ownLabels" . | fromYaml) | toYaml }}
{{- end }}

{{- define "hallmark.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "hallmark.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name must name the ServiceAccount to use when serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "hallmark.image" -}}
{{- $repository := .Values.image.repository }}
{{- with (.Values.global).imageRegistry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) (regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $repository "") }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The subject of every binding. */}}
{{- define "hallmark.subjects" -}}
- kind: ServiceAccount
  name: {{ include "hallmark.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* Limits an admission policy to the namespaces that this installation watches. */}}
{{- define "hallmark.watchedNamespaceSelector" -}}
{{- with .Values.watchNamespaces -}}
namespaceSelector:
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: In
      values: {{ toJson . }}
{{- end }}
{{- end }}

{{/* A condition of an admission policy: true unless one of these accounts (`namespace/name`) asks. */}}
{{- define "hallmark.notAskedBy" -}}
{{- $users := list }}
{{- range . }}
{{- $users = append $users (printf "'system:serviceaccount:%s'" (replace "/" ":" .)) }}
{{- end -}}
!(request.userInfo.username in [{{ join ", " $users }}])
{{- end }}

{{/* The operator's ServiceAccount, as `namespace/name`. */}}
{{- define "hallmark.account" -}}
{{ .Release.Namespace }}/{{ include "hallmark.serviceAccountName" . }}
{{- end }}

{{/* A condition on `key`: true if it is one of these keys, or begins with one that ends in `*`. */}}
{{- define "hallmark.keyMatches" -}}
{{- $tests := list }}
{{- range . }}
{{- $tests = append $tests (hasSuffix "*" . | ternary (printf "key.startsWith('%s')" (trimSuffix "*" .)) (printf "key == '%s'" .)) }}
{{- end -}}
({{ join " || " $tests }})
{{- end }}

{{/* Binds the admission policy whose name ends like this: (list $ "records"). */}}
{{- define "hallmark.admissionBinding" -}}
{{- $ := index . 0 }}
{{- $name := printf "%s-%s" (include "hallmark.clusterName" $) (index . 1) -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "hallmark.labels" $ | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
{{- end }}

{{/* Permissions of the operator on runs, policies and backends, in the whole cluster or in one watched namespace: (list $ "team-a"). */}}
{{- define "hallmark.tenantRules" -}}
{{- $ := index . 0 }}
{{- $secrets := get $.Values.rbac.secretNames (index . 1) }}
- apiGroups: [tekton.dev]
  resources: [taskruns, pipelineruns]
  verbs: [get, list, watch]
{{- if $.Values.rbac.patchRuns }}
# For the annotations of the Tekton backend and of compatibility.chainsAnnotations, and the finalizer of deletionGuard.
- apiGroups: [tekton.dev]
  resources: [taskruns, pipelineruns]
  verbs: [patch]
{{- end }}
# Evidence names custom tasks as children of their PipelineRun.
- apiGroups: [tekton.dev]
  resources: [customruns]
  verbs: [list]
- apiGroups: [hallmark.dev]
  resources: [storagebackends]
  verbs: [list, watch]
# The operator reads a policy before it writes into its status which runs are retired.
- apiGroups: [hallmark.dev]
  resources: [signingpolicies]
  verbs: [get, list, watch]
- apiGroups: [hallmark.dev]
  resources: [signingpolicies/status, storagebackends/status, provenancerecords/status]
  verbs: [update]
# The operator deletes records after their retention, and forged ones.
- apiGroups: [hallmark.dev]
  resources: [provenancerecords]
  verbs: [get, list, watch, create, patch, delete]
# The operator reads keys, registry credentials and CA bundles by name when it needs them, and never lists or watches them.
- apiGroups: ['']
  resources: [configmaps, serviceaccounts]
  verbs: [get]
- apiGroups: ['']
  resources: [secrets]
  {{- with $secrets }}
  resourceNames: {{ toJson . }}
  {{- end }}
  verbs: [get]
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{/* The name differs from the operator's, so that no selector takes the test's pod for one of it. */}}
{{- define "hallmark.testLabels" -}}
{{ merge (dict "app.kubernetes.io/name" (printf "%s-test" (include "hallmark.name" .) | trunc 63)) (include "hallmark.labels" . | fromYaml) | toYaml }}
{{- end }}

{{/* The account and the rights of the test are there before its pod. */}}
{{- define "hallmark.testHook" -}}
helm.sh/hook: test
helm.sh/hook-weight: "-1"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{/* Binds a role to the account of the test: (list $ "Role" namespace role account); no namespace for a ClusterRole. */}}
{{- define "hallmark.testBinding" -}}
{{- $ := index . 0 }}
{{- $kind := index . 1 }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ index . 3 }}
  {{- with index . 2 }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "hallmark.testLabels" $ | nindent 4 }}
  annotations:
    {{- include "hallmark.testHook" $ | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ index . 3 }}
subjects:
  - kind: ServiceAccount
    name: {{ index . 4 }}
    namespace: {{ $.Release.Namespace }}
{{- end }}
