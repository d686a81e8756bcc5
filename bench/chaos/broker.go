package main

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// brokerCommand makes this program the broker.
const brokerCommand = "nats"

// serveBroker is the whole of the broker's process: an outside NATS server as
// anybody would run it, on a port of loopback.
func serveBroker(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	s, err := server.NewServer(&server.Options{ServerName: "chaos", Host: host, Port: n, NoLog: true, NoSigs: true})
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("the broker does not get ready")
	}
	fmt.Println(ready, address)
	s.WaitForShutdown()
	return nil
}

// brokerAt is this program, once more.
func brokerAt(self, address string) func() *exec.Cmd {
	return func() *exec.Cmd { return exec.Command(self, brokerCommand, address) }
}
