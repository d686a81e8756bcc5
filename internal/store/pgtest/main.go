// Command pgtest runs another command beside a throw-away PostgreSQL:
//
//	go run ./internal/store/pgtest -- go test ./...
//
// The command finds the server in KABINET_TEST_POSTGRES, the URL of an empty
// database whose user may create others. Nothing of the cluster is left when
// it ends, by whatever end but SIGKILL, and even then the server goes with us.
// It listens on a socket in its own directory alone, so that any number of
// them run side by side. When KABINET_TEST_POSTGRES is set already, that
// server is used and none is started.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// urlVariable is read by internal/store/storetest.
const urlVariable = "KABINET_TEST_POSTGRES"

// grace is how long a command that was told to end may take to do so.
const grace = 10 * time.Second

// The death signal of proc_linux.go is sent when the thread that started the
// server ends, so that thread has to be one that lasts as long as we do.
func init() { runtime.LockOSThread() }

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgtest -- command [argument ...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code, err := run(orphaned(ctx), args)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
	}
	os.Exit(code)
}

// run gives the exit code of the command, or 1 and the reason it never began.
func run(ctx context.Context, args []string) (code int, err error) {
	if os.Getenv(urlVariable) != "" {
		fmt.Fprintln(os.Stderr, "pgtest: using the server named by", urlVariable)
		return runCommand(ctx, args, nil)
	}
	began := time.Now()
	bin, err := locate(ctx)
	if err != nil {
		return 1, err
	}
	c, err := startCluster(ctx, bin)
	if err != nil {
		return 1, err
	}
	defer func() {
		if stopErr := c.stop(); stopErr != nil {
			err = errors.Join(err, stopErr)
			code = max(code, 1)
		}
	}()
	fmt.Fprintf(os.Stderr, "pgtest: PostgreSQL %s, throw-away cluster ready in %.1fs\n", bin.version, time.Since(began).Seconds())
	// pg_dump and pg_restore of the same version are at hand.
	path := "PATH=" + bin.dir + string(os.PathListSeparator) + os.Getenv("PATH")
	return runCommand(ctx, args, []string{urlVariable + "=" + c.url(), path})
}

// runCommand runs args in a process group of its own, for go test does not
// hand a signal on to the test binaries it started.
func runCommand(ctx context.Context, args, env []string) (int, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return signalGroup(cmd.Process, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if cmd.Process != nil {
		_ = signalGroup(cmd.Process, syscall.SIGKILL) // what the command left behind
	}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() > 0:
		return exit.ExitCode(), nil
	case err != nil:
		return 1, err
	}
	return 0, nil
}

// orphaned ends when ctx does or when the process that started us is gone:
// go run, killed by a signal, leaves its program running.
func orphaned(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if os.Getppid() != parent {
					cancel(errors.New("the process that started this one is gone"))
					return
				}
			}
		}
	}()
	return ctx
}
