//go:build tools

// Package tools names the commands that are built here, so that go.mod and go.sum cover all they import.
package tools

import (
	_ "github.com/versity/versitygw/cmd/versitygw"
)
