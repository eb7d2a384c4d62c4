// SPDX-License-Identifier: Apache-2.0

// Archivista on files and SQLite. Its own command wants a MySQL or PostgreSQL
// server for what it is asked about uploads; the API, the schema and the queries
// are Archivista's.
package main

import (
	"context"
	"database/sql"
	"flag"
	"log"
	"net/http"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"github.com/in-toto/archivista/ent"
	"github.com/in-toto/archivista/pkg/config"
	"github.com/in-toto/archivista/pkg/metadatastorage/sqlstore"
	"github.com/in-toto/archivista/pkg/objectstorage/filestore"
	"github.com/in-toto/archivista/pkg/server"
	_ "modernc.org/sqlite"
)

func main() {
	address := flag.String("address", "", "address to listen on")
	files := flag.String("files", "", "folder of the uploads")
	filesAddress := flag.String("files-address", "", "address at which the uploads are served as files")
	database := flag.String("database", "", "file of the database")
	flag.Parse()

	ctx := context.Background()
	objects, _, err := filestore.New(ctx, *files, *filesAddress)
	if err != nil {
		log.Fatal(err)
	}
	metadata, _, err := sqlstore.New(ctx, client(*database))
	if err != nil {
		log.Fatal(err)
	}
	archivista, err := server.New(
		&config.Config{EnableSQLStore: true, EnableGraphql: true},
		server.WithObjectStore(objects),
		server.WithMetadataStore(metadata),
		server.WithEntSqlClient(metadata.GetClient()),
	)
	if err != nil {
		log.Fatal(err)
	}
	api := &http.Server{Addr: *address, Handler: archivista.Router(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(api.ListenAndServe())
}

// client opens the database. Nothing has to outlive the machine, so nothing is
// synced to the disk. SQLite has one writer at a time: one connection.
func client(path string) *ent.Client {
	pragmas := "?_pragma=foreign_keys(1)&_pragma=journal_mode(wal)&_pragma=synchronous(0)&_time_format=sqlite"
	database, err := sql.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		log.Fatal(err)
	}
	database.SetMaxOpenConns(1)
	return ent.NewClient(ent.Driver(entsql.OpenDB(dialect.SQLite, database)))
}
