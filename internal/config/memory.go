package config

import (
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// Memory is what the garbage collector is told at the start. Whatever the
// operator said by Go's own GOGC and GOMEMLIMIT is zero here: left alone.
type Memory struct {
	GCPercent int    // as GOGC
	Limit     int64  // bytes, as GOMEMLIMIT
	Of        string // where the limit comes from: cgroup or machine
}

// relaxedGC lets the heap grow to five times of what lives before it is
// collected: on hot paths half of the CPU of the collector is saved, and the
// limit keeps that from taking more than there is.
const relaxedGC = 400

// memory looks at root, the file system of a Linux machine. Where nothing can
// be found of its memory, nothing is changed: without a limit a relaxed
// collector may take more than there is.
func memory(root fs.FS, env func(string) (string, bool)) Memory {
	set := func(name string) bool { v, ok := env(name); return ok && v != "" }
	var m Memory
	if !set("GOMEMLIMIT") {
		m.Limit, m.Of = memoryLimit(root)
	}
	if !set("GOGC") && (m.Limit > 0 || set("GOMEMLIMIT")) {
		m.GCPercent = relaxedGC
	}
	return m
}

// memoryLimit is four fifths of what a cgroup allows, for that is ours alone,
// or half of the machine, where a database may live too. SQLite's own memory
// is outside of Go's and of this limit.
func memoryLimit(root fs.FS) (bytes int64, of string) {
	machine := machineMemory(root)
	if group := cgroupMemory(root); group > 0 && (machine == 0 || group < machine) {
		return group / 5 * 4, "cgroup"
	}
	if machine == 0 {
		return 0, ""
	}
	return machine / 2, "machine"
}

func machineMemory(root fs.FS) int64 {
	for line := range strings.Lines(readText(root, "proc/meminfo")) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			return positive(f[1]) << 10
		}
	}
	return 0
}

// cgroupMemory is the least that the process's group and those above it allow;
// 0 without any limit. In a container the path may be that of the host: then
// only the top is there, and it is the container's own.
func cgroupMemory(root fs.FS) (least int64) {
	for line := range strings.Lines(readText(root, "proc/self/cgroup")) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 {
			continue
		}
		dir, file := "sys/fs/cgroup", "memory.max"
		if f[1] == "memory" { // version 1
			dir, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if f[0] != "0" {
			continue
		}
		for group := path.Clean("/" + f[2]); ; group = path.Dir(group) {
			limit := positive(strings.TrimSpace(readText(root, path.Join(dir, group, file))))
			if limit > 0 && (least == 0 || limit < least) {
				least = limit
			}
			if group == "/" {
				break
			}
		}
	}
	return least
}

// positive is 0 for what is no number, such as "max".
func positive(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func readText(root fs.FS, name string) string {
	b, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return string(b)
}

func machine() fs.FS { return os.DirFS("/") }
