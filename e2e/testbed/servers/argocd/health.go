// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"

	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/argoproj/gitops-engine/pkg/health"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
)

const namespace = "argocd"

type question struct {
	// The data of `argocd-cm`.
	Settings map[string]string           `json:"settings"`
	Objects  []unstructured.Unstructured `json:"objects"`
}

// judge answers with the health of each object, null where Argo CD knows none. It does what
// `argocd admin settings resource-overrides health` does for a single object.
func judge(in io.Reader, out io.Writer) error {
	var asked question
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return err
	}
	overrides, err := overridesOf(asked.Settings)
	if err != nil {
		return err
	}
	answers := make([]*health.HealthStatus, len(asked.Objects))
	for index := range asked.Objects {
		answers[index], err = health.GetResourceHealth(&asked.Objects[index], overrides)
		if err != nil {
			return err
		}
	}
	return json.NewEncoder(out).Encode(answers)
}

func overridesOf(data map[string]string) (lua.ResourceHealthOverrides, error) {
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	client := fake.NewClientset(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Namespace: namespace, Labels: labels}, Data: data},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "argocd-secret", Namespace: namespace, Labels: labels}},
	)
	overrides, err := settings.NewSettingsManager(context.Background(), client, namespace).GetResourceOverrides()
	return lua.ResourceHealthOverrides(overrides), err
}
