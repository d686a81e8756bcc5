package payment

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// refund gives money back that was never taken: it always succeeds, and the
// message comes as from outside. Of payments it has not made it knows nothing.
func (p *Pretend) refund(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, MaxMessage))
	var req RefundRequest
	if err == nil {
		_, err = Verify(r.Header, [][]byte{p.Secret}, p.now(), body)
	}
	switch {
	case err != nil || json.Unmarshal(body, &req) != nil:
		w.WriteHeader(http.StatusBadRequest)
		return
	case !strings.HasPrefix(req.Payment, "pretend_"):
		w.WriteHeader(http.StatusNotFound)
		return
	}
	id := "pretend_" + req.Reference
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Created{ID: id})
	const typ = "refund.succeeded"
	told, _ := json.Marshal(map[string]any{"type": typ, "timestamp": p.now().UTC().Format(time.RFC3339), "data": Data{
		ID: id, Reference: req.Reference, Amount: req.Amount, Currency: req.Currency,
	}})
	ctx := context.WithoutCancel(r.Context())
	go func() {
		m, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Base, http.NoBody)
		if err == nil {
			p.tell(newAnswer(), m, "msg_"+typ+"_"+req.Reference, told)
		}
	}()
}
