// SPDX-License-Identifier: Apache-2.0

// Two commands told apart by the name they are called with: kafka-broker is
// franz-go's kfake as a server that keeps its content over a restart, and
// kafka-reader prints what a topic holds, read by franz-go's own consumer.
package main

import (
	"log"
	"os"
	"path/filepath"
)

func main() {
	var err error
	if filepath.Base(os.Args[0]) == "kafka-reader" {
		err = read()
	} else {
		err = serve()
	}
	if err != nil {
		log.Fatal(err)
	}
}
