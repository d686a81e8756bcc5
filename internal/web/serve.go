package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Serve answers on ln until ctx ends, then drains: not ready any more, no new
// connections, sockets closed with 1012, event streams broken off, requests
// under way finished, all of it within Limits.Drain. The error is only that of a listener that broke.
func (e *Edge) Serve(ctx context.Context, ln net.Listener) error {
	watch, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { e.lasting.Watch(watch) })
	defer wg.Wait()
	defer stopWatch()

	srv := e.server(e.Handler())
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(ln) }()
	select {
	case err := <-broken:
		_ = e.lasting.Shutdown(cancelled())
		return err
	case <-ctx.Done():
	}
	e.drain(srv)
	return unlessClosed(<-broken)
}

func (e *Edge) drain(srv *http.Server) {
	e.draining.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), e.o.Limits.Drain)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := e.lasting.Shutdown(ctx); err != nil {
			e.log.Warn("sockets or streams were cut off", "error", err)
		}
	})
	if err := srv.Shutdown(ctx); err != nil {
		e.log.Warn("requests were cut off", "error", err)
		_ = srv.Close()
	}
	wg.Wait()
}

// Shutdown ends the sockets and streams of a Handler that is served by something else
// than Serve, such as a test.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.draining.Store(true)
	return e.lasting.Shutdown(ctx)
}

// Watch looks after the sessions of open sockets and streams until ctx ends; Serve does so
// itself.
func (e *Edge) Watch(ctx context.Context) { e.lasting.Watch(ctx) }

// ServeMetrics answers /metrics on a listener of its own until ctx ends.
func (e *Edge) ServeMetrics(ctx context.Context, ln net.Listener) error {
	srv := e.server(e.MetricsHandler())
	broken := make(chan error, 1)
	go func() { broken <- srv.Serve(ln) }()
	select {
	case err := <-broken:
		return err
	case <-ctx.Done():
		if err := srv.Close(); err != nil {
			return err
		}
		return unlessClosed(<-broken)
	}
}

// unlessClosed passes on what is not the end we asked for ourselves.
func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// server has a limit on everything a client can take its time for.
func (e *Edge) server(h http.Handler) *http.Server {
	l := e.o.Limits
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: l.ReadHeader,
		ReadTimeout:       l.ReadBody,
		WriteTimeout:      l.BulkRead + l.BulkQuery + slowestReader,
		IdleTimeout:       l.Idle,
		MaxHeaderBytes:    l.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(e.log.Handler(), slog.LevelWarn),
	}
}

func cancelled() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
	cancel()
	return ctx
}
