//go:build tools

// Package tools names the commands that the host cluster builds, so that go.mod and go.sum cover all they import.
package tools

import (
	_ "github.com/ava-labs/avalanchego/main"
	_ "github.com/ava-labs/avalanchego/tests/fixture/bootstrapmonitor/cmd"
)
