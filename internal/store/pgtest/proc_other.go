//go:build !linux

package main

import (
	"os"
	"syscall"
)

// Only Linux can tie a child's life to ours; elsewhere a SIGKILL of pgtest
// leaves the server behind.
func serverProc(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: as}
}

func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func signalGroup(p *os.Process, s syscall.Signal) error { return syscall.Kill(-p.Pid, s) }
