package sse

import (
	"net"
	"syscall"
	"testing"
	"time"
)

func TestGiveUpSilence(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	giveUpSilence(nc, 55*time.Second)
	raw, err := nc.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if err := raw.Control(func(fd uintptr) { got, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout) }); err != nil {
		t.Fatal(err)
	}
	if err != nil || got != 55_000 {
		t.Errorf("%d ms, %v", got, err)
	}
	one, other := net.Pipe() // has no such option
	giveUpSilence(one, time.Second)
	_ = other.Close()
}
