// SPDX-License-Identifier: Apache-2.0

// A registry with the OCI 1.1 referrers API, optional Basic authentication and
// optional TLS, which keeps its content over a restart.
package main

import (
	"crypto/subtle"
	"flag"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "address to listen on")
	data := flag.String("data", "", "folder that keeps the content")
	certificate := flag.String("tls-cert", "", "PEM file; serves TLS together with -tls-key")
	key := flag.String("tls-key", "", "PEM file")
	newCertificate := flag.String("write-certificate", "", "only write ca.crt, tls.crt and tls.key into this folder")
	flag.Parse()

	if *newCertificate != "" {
		if err := writeCertificate(*newCertificate); err != nil {
			log.Fatal(err)
		}
		return
	}
	blobs := filepath.Join(*data, "blobs")
	if err := os.MkdirAll(blobs, 0o700); err != nil {
		log.Fatal(err)
	}
	handler, err := keepManifests(filepath.Join(*data, "manifests"), registry.New(
		registry.WithReferrersSupport(true),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)),
	))
	if err != nil {
		log.Fatal(err)
	}
	// The environment, not a flag: arguments can be read by every user of the machine.
	if username := os.Getenv("REGISTRY_USERNAME"); username != "" {
		handler = requireBasic(username, os.Getenv("REGISTRY_PASSWORD"), handler)
	}

	server := &http.Server{Addr: *address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	if *certificate != "" {
		log.Fatal(server.ListenAndServeTLS(*certificate, *key))
	}
	log.Fatal(server.ListenAndServe())
}

func requireBasic(username, password string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		givenUser, givenPassword, _ := request.BasicAuth()
		sameUser := subtle.ConstantTimeCompare([]byte(givenUser), []byte(username))
		samePassword := subtle.ConstantTimeCompare([]byte(givenPassword), []byte(password))
		if sameUser&samePassword == 1 {
			next.ServeHTTP(response, request)
			return
		}
		response.Header().Set("WWW-Authenticate", `Basic realm="testbed"`)
		response.Header().Set("Content-Type", "application/json")
		response.WriteHeader(http.StatusUnauthorized)
		_, _ = response.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`))
	})
}
