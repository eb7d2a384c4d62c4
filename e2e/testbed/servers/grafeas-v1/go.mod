// SPDX-License-Identifier: Apache-2.0

module hallmark.dev/testbed/grafeas-v1

go 1.26.0

require (
	github.com/grafeas/grafeas v0.2.3
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.7.3
	google.golang.org/grpc v1.43.0
	google.golang.org/protobuf v1.27.1
)

require (
	github.com/golang/protobuf v1.5.2 // indirect
	github.com/google/logger v1.1.0 // indirect
	golang.org/x/net v0.7.0 // indirect
	golang.org/x/sys v0.5.0 // indirect
	golang.org/x/text v0.7.0 // indirect
	google.golang.org/genproto v0.0.0-20220118154757-00ab72f36ad5 // indirect
)
