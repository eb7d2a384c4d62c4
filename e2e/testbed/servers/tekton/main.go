// SPDX-License-Identifier: Apache-2.0

// Tekton Pipelines' controller or admission webhook, by the name it is called
// with. Upstream's own commands listen on port 8080 besides the port they are
// told, and end when it is taken; these differ from them in that alone.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"knative.dev/pkg/injection/sharedmain"
	"knative.dev/pkg/signals"
)

func main() {
	ctx := sharedmain.WithHealthProbesDisabled(signals.NewContext())
	commands := map[string]func(context.Context){"tekton-controller": runController, "tekton-webhook": runWebhook}
	run, found := commands[filepath.Base(os.Args[0])]
	if !found {
		fmt.Fprintln(os.Stderr, "call this binary as tekton-controller or tekton-webhook")
		os.Exit(2)
	}
	run(ctx)
}
