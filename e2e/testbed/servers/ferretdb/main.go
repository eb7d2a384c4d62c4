// SPDX-License-Identifier: Apache-2.0

// FerretDB, which speaks MongoDB's protocol, on SQLite files: a real server
// without a database to install. Its own command cannot be built from the
// module proxy, as that leaves out the file with its version.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	address := flag.String("address", "", "address to listen on without TLS")
	data := flag.String("data", "", "folder that keeps the databases")
	tlsAddress := flag.String("tls-address", "", "address to listen on with TLS, with tls.crt and tls.key of -tls")
	tls := flag.String("tls", "", "folder with tls.crt and tls.key")
	flag.Parse()

	listener := ferretdb.ListenerConfig{TCP: *address, TLS: *tlsAddress}
	if *tlsAddress != "" {
		listener.TLSCertFile = filepath.Join(*tls, "tls.crt")
		listener.TLSKeyFile = filepath.Join(*tls, "tls.key")
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  listener,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.Clean(*data) + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := server.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
