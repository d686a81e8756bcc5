package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// SetupRequest begins a page on which a person gives a card to the provider.
type SetupRequest struct {
	Reference string    `json:"reference"` // ours; the same one is the same page
	Locale    string    `json:"locale,omitempty"`
	ReturnURL string    `json:"returnUrl,omitempty"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Setup begins a page, or gives the one that the reference began before. Any
// error means that nobody knows whether it began; asking again is safe.
func (p *Provider) Setup(ctx context.Context, r SetupRequest) (Created, error) {
	var c Created
	if err := p.ask(ctx, "/setups", "setup", r.Reference, r, &c); err != nil {
		return Created{}, err
	}
	if c.ID == "" || len(c.ID) > 255 {
		return Created{}, errors.New("payment: the provider's answer is not one")
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(c.URL) > 2048 {
		return Created{}, errors.New("payment: the provider's answer has no address of a page")
	}
	return c, nil
}

// States of a page.
const (
	SetupPending = "pending"
	SetupSaved   = "saved"
	SetupFailed  = "failed"
)

// SetupState is what became of a page.
type SetupState struct {
	State string `json:"state"`
	Data
}

// Describe asks what became of a page.
func (p *Provider) Describe(ctx context.Context, id, reference string) (SetupState, error) {
	var s SetupState
	err := p.ask(ctx, "/setups/describe", "describe", reference, map[string]string{"id": id, "reference": reference}, &s)
	if err != nil {
		return SetupState{}, err
	}
	switch s.State {
	case SetupPending, SetupSaved, SetupFailed:
	default:
		return SetupState{}, errors.New("payment: the provider's answer says no state")
	}
	if s.ID != id || s.Reference != reference {
		return SetupState{}, errors.New("payment: the provider's answer is about another page")
	}
	return s, s.Data.check()
}

// DeleteMethod makes the provider forget a token; one it does not know is no
// error.
func (p *Provider) DeleteMethod(ctx context.Context, token string) error {
	return p.ask(ctx, "/methods/delete", "delete", "", map[string]string{"token": token}, nil)
}

// ask sends a signed request and reads the answer, if one is wanted. The
// reference is the idempotency key.
func (p *Provider) ask(ctx context.Context, path, verb, reference string, body, answer any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("payment: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("payment: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if reference != "" {
		req.Header.Set("Idempotency-Key", reference)
	}
	Sign(req.Header, p.secrets[0], verb+"_"+reference, p.now(), b)
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("payment: ask the provider: %w", err)
	}
	defer resp.Body.Close()
	if answer == nil && (resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotFound) {
		return nil
	}
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusCreated {
		return answered(resp.StatusCode)
	}
	if answer == nil {
		return nil
	}
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return fmt.Errorf("payment: read the answer: %w", err)
	}
	if len(got) > maxAnswer || json.Unmarshal(got, answer) != nil {
		return errors.New("payment: the provider's answer is not one")
	}
	return nil
}

// check bounds what the provider says of a method.
func (d Data) check() error {
	if len(d.Token) > 255 || len(d.Brand) > 64 || len(d.Last4) > 4 || d.ExpMonth < 0 || d.ExpMonth > 12 || d.ExpYear != 0 && (d.ExpYear < 2000 || d.ExpYear > 9999) {
		return ErrMalformed
	}
	for _, digit := range d.Last4 {
		if digit < '0' || digit > '9' {
			return ErrMalformed
		}
	}
	return nil
}
