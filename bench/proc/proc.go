// Package proc reads what the kernel knows of processes: CPU and memory of a
// process with all below it. Linux only. It starts and stops nothing.
package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/PID/stat: USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

type stat struct {
	parent int
	own    time.Duration // user and system
	gone   time.Duration // of children that have ended and were waited for
}

// CPU is the user and system time of a process and all below it, the ended
// ones too, with a resolution of 10 ms.
func CPU(pid int) (time.Duration, error) {
	all, err := stats()
	if err != nil {
		return 0, err
	}
	if _, ok := all[pid]; !ok {
		return 0, fmt.Errorf("process %d is gone", pid)
	}
	var sum time.Duration
	for p, s := range all {
		for at, hops := p, 0; hops < 20; hops++ {
			if at == pid {
				sum += s.own + s.gone
				break
			}
			next, ok := all[at]
			if !ok {
				break
			}
			at = next.parent
		}
	}
	return sum, nil
}

func stats() (map[int]stat, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := make(map[int]stat, len(paths))
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		pid, s, err := parse(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all[pid] = s
	}
	return all, nil
}

// parse reads "pid (name) state ppid …"; the name may hold anything.
func parse(b []byte) (pid int, s stat, err error) {
	open, last := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || last < open {
		return 0, s, errors.New("not a line of stat")
	}
	f := strings.Fields(string(b[last+1:]))
	if len(f) < 15 {
		return 0, s, errors.New("too few fields")
	}
	number := func(text string) (n int64) {
		if err == nil {
			n, err = strconv.ParseInt(text, 10, 64)
		}
		return n
	}
	pid = int(number(strings.TrimSpace(string(b[:open]))))
	s.parent = int(number(f[1]))
	s.own = time.Duration(number(f[11])+number(f[12])) * tick
	s.gone = time.Duration(number(f[13])+number(f[14])) * tick
	return pid, s, err
}

// Resident is the memory of one process that is in RAM, in bytes.
func Resident(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return kilobytes(b, "VmRSS:")
}

func kilobytes(b []byte, name string) (int64, error) {
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("no %s", name)
}

// Machine describes the machine in a line.
func Machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.SplitSeq(string(b), "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := int64(0)
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		memory, _ = kilobytes(b, "MemTotal:") // 0 where it does not say
	}
	return fmt.Sprintf("%d cores of %s, %.0f GiB, %s/%s", runtime.NumCPU(), model, float64(memory)/(1<<30), runtime.GOOS, runtime.GOARCH)
}

// Load is the average number of runnable processes over the last minute: above
// the load of the bench itself, somebody else is working.
func Load() float64 {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseFloat(strings.Fields(string(b))[0], 64) // 0 where it does not say
	return n
}
