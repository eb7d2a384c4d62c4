// SPDX-License-Identifier: Apache-2.0

// A MySQL server in memory, for servers that want an SQL database and may not
// bring one: go-mysql-server with one empty database.
package main

import (
	"flag"
	"log"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
)

func main() {
	address := flag.String("address", "", "address to listen on")
	database := flag.String("database", "testbed", "name of the one database")
	flag.Parse()

	db := memory.NewDatabase(*database)
	db.BaseDatabase.EnablePrimaryKeyIndexes()
	provider := memory.NewDBProvider(db)
	config := server.Config{Protocol: "tcp", Address: *address}
	mysql, err := server.NewServer(config, sqle.NewDefault(provider), sql.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(mysql.Start())
}
