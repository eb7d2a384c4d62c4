// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	flux "github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	upstream "sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type result struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// computeStatus uses the library that Flux waits with, and the one that it was forked from. It fails if the two differ.
func computeStatus(object *unstructured.Unstructured) (result, error) {
	one, err := flux.Compute(object)
	if err != nil {
		return result{}, err
	}
	other, err := upstream.Compute(object)
	if err != nil {
		return result{}, err
	}
	if one.Status.String() != other.Status.String() || one.Message != other.Message {
		return result{}, fmt.Errorf("Flux's library says %v (%s), and the one upstream %v (%s)", one.Status, one.Message, other.Status, other.Message)
	}
	return result{Status: one.Status.String(), Message: one.Message}, nil
}
