// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// roundtrip reads values {"type", "json"}, one after another, decodes each as Kubernetes clients do and writes one line for
// each: {"output": text}, {"refused": true} when it does not decode, {"untyped": true} when it does not encode.
func roundtrip(in io.Reader, out io.Writer) {
	buffered := bufio.NewWriter(out)
	defer buffered.Flush()
	decoder := json.NewDecoder(bufio.NewReader(in))
	for {
		var value struct {
			Type string
			JSON json.RawMessage
		}
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			fail("%v", err)
		}
		target := targetFor(value.Type)
		if err := utiljson.Unmarshal(value.JSON, target); err != nil {
			fmt.Fprintln(buffered, `{"refused":true}`)
			continue
		}
		encoded, err := json.Marshal(target)
		if err != nil {
			fmt.Fprintln(buffered, `{"untyped":true}`)
			continue
		}
		quoted, err := json.Marshal(string(encoded))
		if err != nil {
			fail("%v", err)
		}
		fmt.Fprintf(buffered, "{\"output\":%s}\n", quoted)
	}
}

func targetFor(name string) any {
	switch name {
	case "tekton.TaskRun":
		return &v1.TaskRun{}
	case "tekton.PipelineRun":
		return &v1.PipelineRun{}
	case "Quantity":
		return &resource.Quantity{}
	case "Duration":
		return &metav1.Duration{}
	case "Time":
		return &metav1.Time{}
	default:
		fail("no type %q", name)
		return nil
	}
}
