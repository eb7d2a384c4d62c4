// SPDX-License-Identifier: Apache-2.0

// The distribution registry, which has no referrers API: clients fall back to tags.
package main

import (
	"fmt"
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/bcrypt"
)

func main() {
	registry.RootCmd.AddCommand(&cobra.Command{
		Use:   "htpasswd",
		Short: "print a line for an htpasswd file from REGISTRY_USERNAME and REGISTRY_PASSWORD",
		RunE:  func(*cobra.Command, []string) error { return printHtpasswd() },
	})
	if err := registry.RootCmd.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func printHtpasswd() error {
	// Every request is checked anew: the lowest cost keeps tests quick.
	hash, err := bcrypt.GenerateFromPassword([]byte(os.Getenv("REGISTRY_PASSWORD")), bcrypt.MinCost)
	if err != nil {
		return err
	}
	fmt.Printf("%s:%s\n", os.Getenv("REGISTRY_USERNAME"), hash)
	return nil
}
