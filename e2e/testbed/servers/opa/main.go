// SPDX-License-Identifier: Apache-2.0

// Command opa is `opa eval` with the flags that Hallmark's users are told: Open Policy Agent's own parser, compiler and
// engine, without the servers, registries and plug-ins of the whole command, which take four times as long to build.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/util"
)

func main() {
	if len(os.Args) < 2 || os.Args[1] != "eval" {
		fail(errors.New("usage: opa eval --stdin-input --fail --data FILE QUERY"))
	}
	flags := flag.NewFlagSet("eval", flag.ExitOnError)
	flags.Bool("stdin-input", true, "read the input from standard input; there is no other way")
	flags.Bool("fail", true, "exit with 1 when the query is undefined; there is no other way")
	rules := flags.String("data", "", "a file of rules")
	if err := flags.Parse(os.Args[2:]); err != nil {
		fail(err)
	}
	if err := eval(*rules, flags.Arg(0)); err != nil {
		fail(err)
	}
}

// eval prints the value of the query, or fails if it has none.
func eval(rules, query string) error {
	var input any
	if err := util.NewJSONDecoder(os.Stdin).Decode(&input); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	results, err := rego.New(rego.Query(query), rego.Load([]string{rules}, nil), rego.Input(input)).Eval(context.Background())
	if err != nil {
		return err
	}
	if len(results) == 0 {
		return errors.New("undefined")
	}
	fmt.Println(results[0].Expressions[0].Value)
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
