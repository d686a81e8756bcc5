// Command server serves the edge over the schema of webtest, for the npm
// conformance clients when there is no kabinet binary. It prints its address
// as the real one does.
package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"kabinet/internal/fault"
	"kabinet/internal/viewer"
	"kabinet/internal/web"
	"kabinet/internal/web/webtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	schema := webtest.New()
	silent := make(chan any)
	schema.Streams["ticks"] = func(context.Context, map[string]any) (<-chan any, error) { return silent, nil }
	edge, err := web.New(schema, web.Options{
		Development: true,
		SignIn: func(_ context.Context, c web.Credentials) (viewer.Viewer, error) {
			if c.Token != "" {
				return viewer.Viewer{}, fault.ErrUnauthenticated
			}
			return viewer.Viewer{}, nil
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	listen := os.Getenv("KABINET_LISTEN")
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if err := edge.Serve(ctx, ln); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
