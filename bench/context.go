package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"kabinet/bench/proc"
	"kabinet/bench/report"
	"kabinet/bench/target"
)

// context says under what this run measures.
func (b *bench) context(ctx context.Context) report.Context {
	said := func(name string, args ...string) string {
		out, err := exec.CommandContext(ctx, name, args...).Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(out))
	}
	commit := said("git", "rev-parse", "--short=12", "HEAD")
	if said("git", "status", "--porcelain", "--untracked-files=no") != "" {
		commit += " with changes"
	}
	var args []string
	for _, a := range os.Args[1:] { // paths are nobody's business
		name, path, ok := strings.Cut(a, "=")
		if ok && strings.ContainsRune(path, filepath.Separator) {
			a = name + "=" + filepath.Base(path)
		} else if filepath.IsAbs(a) {
			a = filepath.Base(a)
		}
		args = append(args, a)
	}
	p := b.plan()
	return report.Context{
		Date: time.Now().UTC().Format("2006-01-02 15:04 UTC"), Commit: commit, Command: strings.Join(append([]string{"bench"}, args...), " "),
		Machine: proc.Machine(), Load: proc.Load(),
		Software: fmt.Sprintf("PostgreSQL %s, %s, Node %s", b.cluster.Version, runtime.Version(), said(target.Node(b.postgraphile), "--version")),
		Data:     fmt.Sprintf("%d users and one with %d orders; %d clients, %d rounds of %s", p.Users, p.HeavyOrders, b.options.clients, b.rounds, b.slice),
	}
}
