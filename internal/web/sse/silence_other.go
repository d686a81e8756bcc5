//go:build !linux

package sse

import (
	"net"
	"time"
)

// giveUpSilence leaves it to the system when a silent connection is given up.
func giveUpSilence(net.Conn, time.Duration) {}
