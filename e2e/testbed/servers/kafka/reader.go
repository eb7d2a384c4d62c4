// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// message is a record as it is printed, one a line. Bytes are base64.
type message struct {
	Partition int32             `json:"partition"`
	Offset    int64             `json:"offset"`
	Key       string            `json:"key"`
	Value     []byte            `json:"value"`
	Headers   map[string][]byte `json:"headers"`
}

// read prints everything that a topic holds now and ends.
func read() error {
	brokers := flag.String("brokers", "", "host:port of brokers, comma-separated")
	topic := flag.String("topic", "", "the topic")
	flag.Parse()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(*brokers, ",")...),
		kgo.ConsumeTopics(*topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	)
	if err != nil {
		return err
	}
	defer client.Close()
	left, err := held(ctx, client, *topic)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for _, record := range fetches.Records() {
			headers := map[string][]byte{}
			for _, header := range record.Headers {
				headers[header.Key] = header.Value
			}
			err := encoder.Encode(message{record.Partition, record.Offset, string(record.Key), record.Value, headers})
			if err != nil {
				return err
			}
			left--
		}
	}
	return nil
}

// held counts the records of a topic by its partitions' first and last offsets.
func held(ctx context.Context, client *kgo.Client, topic string) (int64, error) {
	metadata := kmsg.NewPtrMetadataRequest()
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = kmsg.StringPtr(topic)
	metadata.Topics = append(metadata.Topics, asked)
	found, err := metadata.RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	var count int64
	for _, sign := range []int64{-1, -2} {
		request := kmsg.NewPtrListOffsetsRequest()
		offsets := kmsg.NewListOffsetsRequestTopic()
		offsets.Topic = topic
		for _, partition := range found.Topics[0].Partitions {
			one := kmsg.NewListOffsetsRequestTopicPartition()
			one.Partition = partition.Partition
			one.Timestamp = sign
			offsets.Partitions = append(offsets.Partitions, one)
		}
		request.Topics = append(request.Topics, offsets)
		for _, shard := range client.RequestSharded(ctx, request) {
			if shard.Err != nil {
				return 0, shard.Err
			}
			for _, listed := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
				for _, partition := range listed.Partitions {
					if sign == -1 {
						count += partition.Offset
					} else {
						count -= partition.Offset
					}
				}
			}
		}
	}
	return count, nil
}
