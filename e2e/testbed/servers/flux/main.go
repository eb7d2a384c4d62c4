// SPDX-License-Identifier: Apache-2.0

// One binary that judges JSON arrays of Kubernetes objects as Flux does, by the name it is called with: `kstatus` computes
// their status, and `flux-check` reads Flux's own kinds with Flux's own types.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	if err := run(filepath.Base(os.Args[0])); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run reads the objects from standard input, and writes what the command says of each.
func run(name string) error {
	var objects []unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return err
	}
	switch name {
	case "kstatus":
		return answer(objects, computeStatus)
	case "flux-check":
		return answer(objects, check)
	default:
		return fmt.Errorf("call this binary as kstatus or flux-check, not %q", name)
	}
}

func answer[T any](objects []unstructured.Unstructured, judge func(*unstructured.Unstructured) (T, error)) error {
	answers := make([]T, len(objects))
	for index := range objects {
		var err error
		if answers[index], err = judge(&objects[index]); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}
