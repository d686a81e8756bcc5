//go:build !linux

package main

import (
	"errors"
	"syscall"
	"time"
)

var errLinux = errors.New("processes are measured by /proc, which only Linux has")

func cpuOf(int, bool) (time.Duration, error) { return 0, errLinux }
func familyCPU(int) (time.Duration, error)   { return 0, errLinux }
func parentOf(int) (int, error)              { return 0, errLinux }
func rssOf(int) (int64, error)               { return 0, errLinux }
func raiseFiles(uint64) error                { return errLinux }
func ownChild() *syscall.SysProcAttr         { return nil }
func machine() string                        { return "" }
