// SPDX-License-Identifier: Apache-2.0

// Command go-types writes the field table of the Go types that Tekton's API objects are decoded into, so that a run can be
// re-serialised in TypeScript exactly as those types re-serialise it: which fields exist, in which order, which of them
// vanish when empty, and which carry a JSON form of their own.
//
//	go run . table > ../../src/tekton/go-types.generated.ts
//	go run . roundtrip < cases.jsonl     what those types make of JSON texts, to compare with
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	v1 "github.com/tektoncd/pipeline/pkg/apis/pipeline/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"knative.dev/pkg/apis"
)

// custom names the types whose JSON form is not that of their Go fields; the decoder knows each by this name.
var custom = map[reflect.Type]string{
	reflect.TypeFor[metav1.Time]():          "Time",
	reflect.TypeFor[apis.VolatileTime]():    "Time",
	reflect.TypeFor[metav1.MicroTime]():     "MicroTime",
	reflect.TypeFor[metav1.Duration]():      "Duration",
	reflect.TypeFor[resource.Quantity]():    "Quantity",
	reflect.TypeFor[intstr.IntOrString]():   "IntOrString",
	reflect.TypeFor[v1.ParamValue]():        "ParamValue",
	reflect.TypeFor[runtime.RawExtension](): "Raw",
	reflect.TypeFor[metav1.FieldsV1]():      "Raw",
}

var packages = map[string]string{
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/v1":  "tekton",
	"github.com/tektoncd/pipeline/pkg/apis/pipeline/pod": "pod",
	"github.com/tektoncd/pipeline/pkg/apis/config":       "config",
	"k8s.io/api/core/v1":                                 "core",
	"k8s.io/apimachinery/pkg/apis/meta/v1":               "meta",
	"k8s.io/apimachinery/pkg/runtime":                    "runtime",
	"knative.dev/pkg/apis":                               "apis",
	"knative.dev/pkg/apis/duck/v1":                       "duck",
}

var (
	marshaler   = reflect.TypeFor[json.Marshaler]()
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

type field struct {
	name, kind, omit string
	depth            int
}

type table struct {
	structs map[string][]field
	aliases map[string]reflect.Type
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
	os.Exit(1)
}

func hasOwnJSON(t reflect.Type) bool {
	pointer := reflect.PointerTo(t)
	return t.Implements(marshaler) || pointer.Implements(marshaler) || pointer.Implements(unmarshaler)
}

// kind is how a Go type is written in the table.
func (tb *table) kind(t reflect.Type) string {
	if name, ok := custom[t]; ok {
		return name
	}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && hasOwnJSON(t) {
		fail("%v has a JSON form of its own that the decoder does not know", t)
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "int64"
	case reflect.Int32:
		return "int32"
	case reflect.Float64:
		return "float64"
	case reflect.Pointer:
		return "*" + tb.kind(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + tb.kind(t.Elem())
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			fail("%v has keys that are not strings", t)
		}
		return "map:" + tb.kind(t.Elem())
	case reflect.Struct:
		return tb.structure(t)
	default:
		fail("%v is of a kind that the decoder does not know", t)
		return ""
	}
}

func (tb *table) structure(t reflect.Type) string {
	prefix, ok := packages[t.PkgPath()]
	if !ok {
		fail("%v comes from a package without a short name: %s", t, t.PkgPath())
	}
	name := prefix + "." + t.Name()
	if known, seen := tb.aliases[name]; seen {
		if known != t {
			fail("%s names two types", name)
		}
		return name
	}
	tb.aliases[name] = t
	tb.structs[name] = nil
	tb.structs[name] = dominant(tb.fields(t, 0))
	return name
}

// fields lists what encoding/json sees of a struct, embedded structs in their place.
func (tb *table) fields(t reflect.Type, depth int) []field {
	var found []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		inner := f.Type
		if f.Anonymous && inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			if f.Type.Kind() == reflect.Pointer {
				fail("%v embeds a pointer", t)
			}
			found = append(found, tb.fields(inner, depth+1)...)
			continue
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		omit := ""
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				omit += "e"
			case "omitzero":
				omit += "z"
			case "", "inline":
			default:
				fail("%v.%s has the JSON option %q", t, f.Name, option)
			}
		}
		found = append(found, field{name: name, kind: tb.kind(f.Type), omit: omit, depth: depth})
	}
	return found
}

// dominant applies encoding/json's rule for equal names: the shallowest field wins.
func dominant(fields []field) []field {
	best := map[string]int{}
	for _, f := range fields {
		if depth, seen := best[f.name]; !seen || f.depth < depth {
			best[f.name] = f.depth
		}
	}
	var kept []field
	for _, f := range fields {
		if f.depth == best[f.name] {
			kept = append(kept, f)
		}
	}
	return kept
}

func main() {
	switch strings.Join(os.Args[1:], " ") {
	case "table":
		writeTable()
	case "roundtrip":
		roundtrip(os.Stdin, os.Stdout)
	default:
		fail("usage: go-types table|roundtrip")
	}
}

func writeTable() {
	tb := &table{structs: map[string][]field{}, aliases: map[string]reflect.Type{}}
	tb.kind(reflect.TypeFor[v1.TaskRun]())
	tb.kind(reflect.TypeFor[v1.PipelineRun]())

	names := make([]string, 0, len(tb.structs))
	for name := range tb.structs {
		names = append(names, name)
	}
	sort.Strings(names)

	fmt.Print(`// SPDX-License-Identifier: Apache-2.0
// Generated by codegen/go-types from the Go types of github.com/tektoncd/pipeline v1.15.0 and k8s.io/{api,apimachinery}
// v0.36.3; do not edit. Run: node codegen/go-types/generate.ts
/* oxlint-disable max-lines -- one line a field */
/**
 * Each Go struct as its JSON fields in declaration order: name, type and what makes the field vanish when it is written
 * ('e' omitempty, 'z' omitzero). Types: a scalar, a named JSON form ('Time', 'Quantity', …), another struct, or one of
 * '*T' (pointer), '[]T' (slice) and 'map:T' (map with string keys).
 */
export type GoField = readonly [name: string, type: string, omit?: string];

export const goTypes: Readonly<Record<string, readonly GoField[]>> = {
`)
	for _, name := range names {
		rows := make([]string, 0, len(tb.structs[name]))
		for _, f := range tb.structs[name] {
			row := fmt.Sprintf("['%s', '%s'", f.name, f.kind)
			if f.omit != "" {
				row += fmt.Sprintf(", '%s'", f.omit)
			}
			rows = append(rows, row+"]")
		}
		if len(rows) < 2 {
			fmt.Printf("  '%s': [%s],\n", name, strings.Join(rows, ""))
			continue
		}
		fmt.Printf("  '%s': [\n    %s,\n  ],\n", name, strings.Join(rows, ",\n    "))
	}
	fmt.Println("};")
}
