// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// user is one SASL account. With topics it may do only what these allow.
type user struct {
	Mechanism string            `json:"mechanism"`
	Username  string            `json:"username"`
	Password  string            `json:"password"`
	Topics    map[string]string `json:"topics"`
}

var operations = map[string][]kmsg.ACLOperation{
	"read":  {kmsg.ACLOperationDescribe, kmsg.ACLOperationRead},
	"write": {kmsg.ACLOperationDescribe, kmsg.ACLOperationRead, kmsg.ACLOperationWrite},
}

func serve() error {
	port := flag.Int("port", 0, "first port of 127.0.0.1; brokers take the ports from there")
	brokers := flag.Int("brokers", 1, "how many brokers")
	data := flag.String("data", "", "folder that keeps the content")
	topics := flag.String("topics", "", "topics to make, comma-separated")
	partitions := flag.Int("partitions", 3, "partitions of each topic")
	certificate := flag.String("tls-cert", "", "PEM file; serves TLS together with -tls-key")
	key := flag.String("tls-key", "", "PEM file")
	flag.Parse()

	ports := make([]int, *brokers)
	for i := range ports {
		ports[i] = *port + i
	}
	options := []kfake.Opt{
		kfake.NumBrokers(*brokers),
		kfake.Ports(ports...),
		kfake.DataDir(*data),
		kfake.SyncWrites(),
		kfake.SeedTopics(int32(*partitions), strings.Split(*topics, ",")...),
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return err
		}
		options = append(options, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	}
	// The environment, not a flag: arguments can be read by every user of the machine.
	if text := os.Getenv("KAFKA_USERS"); text != "" {
		var users []user
		if err := json.Unmarshal([]byte(text), &users); err != nil {
			return err
		}
		options = append(options, kfake.EnableSASL(), kfake.EnableACLs())
		options = append(options, accounts(users)...)
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		return err
	}
	log.Printf("listening on %s", strings.Join(cluster.ListenAddrs(), ","))
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	cluster.Close()
	return nil
}

func accounts(users []user) []kfake.Opt {
	var options []kfake.Opt
	for _, account := range users {
		if account.Topics == nil {
			options = append(options, kfake.Superuser(account.Mechanism, account.Username, account.Password))
			continue
		}
		var rights []kfake.ACL
		for topic, right := range account.Topics {
			for _, operation := range operations[right] {
				rights = append(rights, kfake.ACL{
					Resource:  kmsg.ACLResourceTypeTopic,
					Name:      topic,
					Pattern:   kmsg.ACLResourcePatternTypeLiteral,
					Operation: operation,
					Allow:     true,
				})
			}
		}
		options = append(options, kfake.User(account.Mechanism, account.Username, account.Password, rights...))
	}
	return options
}
