// SPDX-License-Identifier: Apache-2.0

// sigstore's timestamp authority, with a key in a file. Its own command also serves metrics, on one fixed port that two of them
// cannot share.
package main

import (
	"flag"
	"log"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

const policyOID = "1.3.6.1.4.1.57264.2"

func main() {
	port := flag.Int("port", 3000, "where to listen on 127.0.0.1")
	key := flag.String("key", "", "file with the private key (PKCS#8, PEM)")
	chain := flag.String("certificate-chain", "", "file with its certificates (PEM), the timestamping one first")
	flag.Parse()

	viper.Set("timestamp-signer", "file")
	viper.Set("timestamp-signer-hash", "sha256")
	viper.Set("file-signer-key-path", *key)
	viper.Set("certificate-chain-path", *chain)
	viper.Set("enforce-intermediate-eku", true)
	viper.Set("default-policy-oid", policyOID)
	viper.Set("accepted-policy-oids", []string{policyOID})
	viper.Set("max-request-body-size", 1<<20)

	if err := server.NewRestAPIServer("127.0.0.1", *port, []string{"http"}, false, 30*time.Second, 30*time.Second).Serve(); err != nil {
		log.Fatal(err)
	}
}
