package web

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// readiness answers /readyz: whether new requests should come here. Results
// hold for a moment, so that asking often costs the database nothing.
type readiness struct {
	e *Edge

	mu     sync.Mutex
	at     time.Time
	checks map[string]string
	ready  bool
}

func (p *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ready, checks := p.look(r.Context())
	status := http.StatusOK
	if p.e.draining.Load() {
		ready = false
		checks["server"] = "stopping"
	}
	if !ready {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{ready, checks})
}

// look runs all checks side by side; what went wrong is for the log, the
// answer only names it.
func (p *readiness) look(ctx context.Context) (bool, map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.checks == nil || time.Since(p.at) >= p.e.o.Limits.ReadyOK {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.e.o.Limits.ReadyCheck)
		defer cancel()
		errs := make([]error, len(p.e.o.Checks))
		var wg sync.WaitGroup
		for i, c := range p.e.o.Checks {
			wg.Go(func() { errs[i] = c.Do(ctx) })
		}
		wg.Wait()
		p.ready, p.checks, p.at = true, map[string]string{}, time.Now()
		for i, c := range p.e.o.Checks {
			p.checks[c.Name] = "ok"
			if errs[i] != nil {
				p.ready, p.checks[c.Name] = false, "failed"
				p.e.log.Warn("not ready", "check", c.Name, "error", errs[i])
			}
		}
	}
	copied := make(map[string]string, len(p.checks)+1)
	for k, v := range p.checks {
		copied[k] = v
	}
	return p.ready, copied
}
