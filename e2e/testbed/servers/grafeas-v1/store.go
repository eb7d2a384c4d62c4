// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/grafeas/grafeas/go/name"
	grafeas "github.com/grafeas/grafeas/go/v1/api"
	pb "github.com/grafeas/grafeas/proto/v1/grafeas_go_proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// store keeps notes and occurrences in memory, in the order of their creation.
// What is not asked for in tests is left to the embedded interface, which is nil.
type store struct {
	grafeas.Storage
	mutex       sync.Mutex
	notes       map[string]*pb.Note
	occurrences []*pb.Occurrence
}

func newStore() *store { return &store{notes: map[string]*pb.Note{}} }

func (s *store) CreateNote(_ context.Context, project, id, _ string, note *pb.Note) (*pb.Note, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	full := name.FormatNote(project, id)
	if _, found := s.notes[full]; found {
		return nil, status.Errorf(codes.AlreadyExists, "note %q exists", full)
	}
	created := proto.Clone(note).(*pb.Note)
	created.Name = full
	created.CreateTime = timestamppb.Now()
	s.notes[full] = created
	return created, nil
}

func (s *store) GetNote(_ context.Context, project, id string) (*pb.Note, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	note, found := s.notes[name.FormatNote(project, id)]
	if !found {
		return nil, status.Errorf(codes.NotFound, "note %q does not exist", id)
	}
	return note, nil
}

func (s *store) DeleteNote(_ context.Context, project, id string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.notes, name.FormatNote(project, id))
	return nil
}

func (s *store) ListNotes(_ context.Context, _, _, _ string, _ int32) ([]*pb.Note, string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, note := range s.notes {
		return []*pb.Note{note}, "", nil
	}
	return nil, "", nil
}

func (s *store) CreateOccurrence(_ context.Context, project, _ string, occurrence *pb.Occurrence) (*pb.Occurrence, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, found := s.notes[occurrence.NoteName]; !found {
		return nil, status.Errorf(codes.NotFound, "note %q does not exist", occurrence.NoteName)
	}
	created := proto.Clone(occurrence).(*pb.Occurrence)
	created.Name = fmt.Sprintf("projects/%s/occurrences/%s", project, rand.Text())
	created.CreateTime = timestamppb.Now()
	s.occurrences = append(s.occurrences, created)
	return created, nil
}

func (s *store) GetOccurrence(_ context.Context, project, id string) (*pb.Occurrence, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	full := fmt.Sprintf("projects/%s/occurrences/%s", project, id)
	for _, occurrence := range s.occurrences {
		if occurrence.Name == full {
			return occurrence, nil
		}
	}
	return nil, status.Errorf(codes.NotFound, "occurrence %q does not exist", full)
}

// ListNoteOccurrences knows the one filter that clients use: resourceUrl="…".
func (s *store) ListNoteOccurrences(_ context.Context, project, id, filter, token string, size int32) ([]*pb.Occurrence, string, error) {
	resource, err := strconv.Unquote(strings.TrimPrefix(filter, "resourceUrl="))
	if filter != "" && err != nil {
		return nil, "", status.Errorf(codes.InvalidArgument, "filter %q cannot be read", filter)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var matching []*pb.Occurrence
	for _, occurrence := range s.occurrences {
		if occurrence.NoteName == name.FormatNote(project, id) && (filter == "" || occurrence.ResourceUri == resource) {
			matching = append(matching, occurrence)
		}
	}
	start, _ := strconv.Atoi(token)
	end := min(start+int(size), len(matching))
	if start > end {
		return nil, "", status.Errorf(codes.InvalidArgument, "page token %q is not one of ours", token)
	}
	next := ""
	if end < len(matching) {
		next = strconv.Itoa(end)
	}
	return matching[start:end], next, nil
}
