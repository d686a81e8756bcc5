package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

const (
	top = `# Is anything lost

Written by ` + "`chaos`" + ` itself; its first lines and README.md say what it does. A run passes with: no gap, no repeat, nothing out of order, nothing other than the log has, every client caught up and two seconds of silence after that, every write that was answered there exactly once, no instance ended by itself, events over both transports, and no answer that would send a client away for good: on a line that runs any error is one, UNAVAILABLE too.

`
	bottom = `## How to read it

A delivery is an event, with its kind, subject and time, that came to one client. A message that moves the cursor alone (an event that stands on both of his streams, or is not for him) is held against the log as well and counted beside. How late an event was is taken from the database's time of its commit; what a client did not read is late by its own doing, and in it.

The control is the same with the tag ` + "`chaos_control`" + `, by which a listener believes the doorbell and does not read what came before it (internal/live/gap_control.go). Only gaps below a number that the client did receive count there, with every client at the end of the log: lost, and not on the way. Most of them need no fault: a bell tells the highest number of a stream, and what was told with it is not named. It shows that the comparison sees what is missing, not how often a bus loses a bell.

A client that does not read takes a new line for it, with a small window and small segments, so that some 40 kB fill it, and asks for answers five times as long. One that the server cut off comes back with the cursor it had, like all others.

Not in it: a list with its streamPosition, subscriptions other than accountEvents, several of them on one socket, GET and EventSource, and clients whose streams begin later than the log. Those are tests of their own.
`
)

// paper is the whole report.
func paper(runs []*report) string {
	var b strings.Builder
	b.WriteString(top)
	fmt.Fprintf(&b, "%s. Built from %s. Command, in bench: `%s`.\n\n", machine(), runs[0].source, command())
	b.WriteString(table(runs))
	for _, r := range runs {
		b.WriteString("\n" + r.remarks())
	}
	b.WriteString("\n" + bottom)
	return b.String()
}

func command() string {
	return "go run ./chaos " + strings.Join(os.Args[1:], " ")
}

// source is the commit that is built now, and whether it is all.
func source(ctx context.Context, root string) string {
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "a tree that is in no repository"
	}
	changes, err := git("status", "--porcelain", "--", ".", ":!bench/results")
	if err != nil || changes != "" {
		return "commit " + commit + " **with changes that are in no commit**"
	}
	return "commit " + commit
}

func machine() string {
	name := "unknown CPU"
	b, _ := os.ReadFile("/proc/cpuinfo") // without it the name is unknown
	for text := range strings.SplitSeq(string(b), "\n") {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %s/%s, %d CPUs, %s", name, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
