// SPDX-License-Identifier: Apache-2.0

// One binary that is, by the name it is called with, one of Argo CD's controllers, its repo server, the Redis between
// them, or a judge of health, so that a single link serves all of them.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	appcontroller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	applicationset "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/spf13/cobra"
)

func main() {
	switch name := filepath.Base(os.Args[0]); name {
	case "argocd-application-controller":
		run(appcontroller.NewCommand())
	case "argocd-applicationset-controller":
		run(applicationset.NewCommand())
	case "argocd-repo-server":
		run(reposerver.NewCommand())
	case "argocd-redis":
		exitWith(serveRedis(os.Args[1:]))
	case "argocd-health":
		exitWith(judge(os.Stdin, os.Stdout))
	default:
		exitWith(fmt.Errorf("no command of this binary is called %q", name))
	}
}

func run(command *cobra.Command) {
	if command.Execute() != nil {
		os.Exit(1)
	}
}

func exitWith(err error) {
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
