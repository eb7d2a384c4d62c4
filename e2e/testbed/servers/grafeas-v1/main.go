// SPDX-License-Identifier: Apache-2.0

// The v1 API of Grafeas over REST, which Container Analysis serves and Grafeas'
// own server does not: Grafeas' package for it, with its checks, on a storage in
// memory and two bearer tokens, one that may write and one that may read.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	grafeas "github.com/grafeas/grafeas/go/v1/api"
	pb "github.com/grafeas/grafeas/proto/v1/grafeas_go_proto"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
)

func main() {
	address := flag.String("address", "", "address to listen on")
	project := flag.String("project", "", "the one project that exists")
	flag.Parse()

	api := &grafeas.API{
		Storage: newStore(),
		// The environment, not flags: arguments can be read by every user of the machine.
		Auth:              tokens{project: *project, writer: os.Getenv("WRITER"), reader: os.Getenv("READER")},
		EnforceValidation: true,
	}
	mux := runtime.NewServeMux()
	if err := pb.RegisterGrafeasHandlerServer(context.Background(), mux, api); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
