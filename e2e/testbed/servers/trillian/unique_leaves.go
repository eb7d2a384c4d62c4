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
	queued, err := u.LogStorage.QueueLeaves(ctx, tree, []*trillian.LogLeaf{leaf}, now)
	if err != nil {
		return nil, err
	}
	u.taken[key] = leaf
	return queued[0], nil
}
