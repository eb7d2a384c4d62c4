// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"

	helm "github.com/fluxcd/helm-controller/api/v2"
	kustomize "github.com/fluxcd/kustomize-controller/api/v1"
	source "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// check reads an object of one of Flux's kinds, and fails on a field that the kind does not have. It answers with the kind.
func check(object *unstructured.Unstructured) (string, error) {
	kind := object.GetKind()
	var typed any
	switch object.GetAPIVersion() + "/" + kind {
	case helm.GroupVersion.String() + "/HelmRelease":
		typed = &helm.HelmRelease{}
	case kustomize.GroupVersion.String() + "/Kustomization":
		typed = &kustomize.Kustomization{}
	case source.GroupVersion.String() + "/GitRepository":
		typed = &source.GitRepository{}
	default:
		return "", fmt.Errorf("%s %s is none of Flux's kinds", object.GetAPIVersion(), kind)
	}
	text, err := json.Marshal(object.Object)
	if err != nil {
		return "", err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(typed); err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	return kind, nil
}
