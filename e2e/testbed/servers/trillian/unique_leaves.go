// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// uniqueLeaves takes each leaf once, as Trillian's database storages do and the one in memory does not: Rekor's answer to an
// entry that is there already rests on it.
type uniqueLeaves struct {
	storage.LogStorage
	lock  sync.Mutex
	taken map[string]*trillian.LogLeaf
}

func newUniqueLeaves(below storage.LogStorage) *uniqueLeaves {
	return &uniqueLeaves{LogStorage: below, taken: map[string]*trillian.LogLeaf{}}
}

func (u *uniqueLeaves) QueueLeaves(
	ctx context.Context, tree *trillian.Tree, leaves []*trillian.LogLeaf, now time.Time,
) ([]*trillian.QueuedLogLeaf, error) {
	u.lock.Lock()
	defer u.lock.Unlock()
	answers := make([]*trillian.QueuedLogLeaf, 0, len(leaves))
	for _, leaf := range leaves {
		answer, err := u.queue(ctx, tree, leaf, now)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func (u *uniqueLeaves) queue(
	ctx context.Context, tree *trillian.Tree, leaf *trillian.LogLeaf, now time.Time,
) (*trillian.QueuedLogLeaf, error) {
	key := fmt.Sprintf("%d/%x", tree.TreeId, leaf.LeafIdentityHash)
	if known, ok := u.taken[key]; ok {
		return &trillian.QueuedLogLeaf{Leaf: known, Status: status.New(codes.AlreadyExists, "leaf already exists").Proto()}, nil
	}
	// The storage in memory keeps the leaf it is given, and the sequencer writes index and time into it, maybe while the server
	// marshals its answer. That answer would fail with a size mismatch, and Rekor's with 500.
	kept := proto.Clone(leaf).(*trillian.LogLeaf)
	if _, err := u.LogStorage.QueueLeaves(ctx, tree, []*trillian.LogLeaf{kept}, now); err != nil {
		return nil, err
	}
	u.taken[key] = leaf
	return &trillian.QueuedLogLeaf{Leaf: leaf}, nil
}
