package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"kabinet/internal/account"
	"kabinet/internal/account/contact"
	"kabinet/internal/account/desk"
	"kabinet/internal/account/factor"
	"kabinet/internal/adapter/hook"
	"kabinet/internal/adapter/payment"
	"kabinet/internal/config"
	"kabinet/internal/credential"
	"kabinet/internal/job"
	"kabinet/internal/live"
	"kabinet/internal/store"
)

// identities builds what knows people: who they are, how they come in, and
// what staff does for them.
func (k *kabinet) identities(s *store.Store, streams *live.Streams, sealer *store.Sealer) (err error) {
	returns, err := credential.NewReturns(k.cfg.PublicURL.String(), k.cfg.Origins)
	if err != nil {
		return err
	}
	if k.people, err = k.newPeople(s, streams, sealer, returns); err != nil {
		return err
	}
	page := k.cfg.PublicURL.JoinPath("reset-password").String()
	if own := k.cfg.Registration.ResetPage; own != nil {
		page = own.String()
	}
	k.contacts = &contact.Contacts{Store: s, People: k.people, Returns: returns, Page: page, Country: k.cfg.Registration.Country,
		LinkTTL: k.cfg.Registration.LinkTTL, UndoTTL: undoTTL}
	if err := k.secondFactors(s, sealer); err != nil {
		return err
	}
	if k.social, err = k.signInProviders(sealer); err != nil {
		return err
	}
	if k.desk, err = k.newDesk(); err != nil {
		return err
	}
	k.endpoints, err = k.newEndpoints(sealer)
	return err
}

// undoTTL is how long a change of the login can be undone.
const undoTTL = 7 * 24 * time.Hour

func (k *kabinet) newPeople(s *store.Store, streams *live.Streams, sealer *store.Sealer, returns credential.Returns) (*account.People, error) {
	c := k.cfg
	o := account.Options{
		Store: s, Streams: streams, Sealer: sealer, Mail: func(ctx context.Context, tx *store.Tx, l account.Letter) error {
			return job.Enqueue(ctx, tx, l, nil)
		},
		Sessions: account.Lifetimes{Idle: c.Session.Idle, Absolute: c.Session.Absolute,
			StaffIdle: c.Session.StaffIdle, StaffAbsolute: c.Session.StaffAbsolute, StepUp: c.Session.StepUp,
			Lock: c.Session.Lock, Access: c.Session.Access, Grace: c.Session.Grace},
		CodeTTL: c.Session.CodeTTL, CodeTries: c.Session.CodeTries, Hashes: c.Limits.PasswordHashes,
		Returns: returns, Country: c.Registration.Country, SMS: c.SMS.URL != nil || c.Development(),
		Locale: c.Locale, TimeZone: c.TimeZone.String(), Log: k.log,
	}
	for _, f := range c.Registration.Fields {
		name := f.Name
		if name == "cardNumber" || name == "contractNumber" {
			name = "precondition." + name
		}
		o.Registration = append(o.Registration, account.AskedField{Name: name, Required: f.Required})
	}
	if c.Registration.CheckURL != nil {
		e, err := hook.New(hook.Options{URL: c.Registration.CheckURL.String(), Secret: c.Registration.CheckSecret[0], Sign: payment.Sign, Now: s.Now})
		if err != nil {
			return nil, fmt.Errorf("KABINET_REGISTRATION_CHECK_URL: %w", err)
		}
		o.Check = checkRegistration(e, k.log)
	}
	return account.New(o)
}

// checkRegistration asks the business before an account is made.
func checkRegistration(e *hook.Endpoint, log *slog.Logger) func(context.Context, account.Applicant) error {
	return func(ctx context.Context, a account.Applicant) error {
		verdict, err := e.Register(ctx, hook.Registration(a))
		switch {
		case err != nil:
			log.ErrorContext(ctx, "the check before a registration does not answer", "error", err.Error())
			return account.ErrCheckUnavailable.With("retryAfter", 30)
		case !verdict.Allowed && verdict.Reason != "":
			return account.ErrRegistrationRefused.With("reason", verdict.Reason)
		case !verdict.Allowed:
			return account.ErrRegistrationRefused
		}
		return nil
	}
}

// texter is how texts leave: to the provider, into the log in development, or not.
func texter(cfg *config.Config, log *slog.Logger) (account.SendSMS, error) {
	switch {
	case cfg.SMS.URL != nil:
		e, err := hook.New(hook.Options{URL: cfg.SMS.URL.String(), Secret: cfg.SMS.Secrets[0], Sign: payment.Sign})
		if err != nil {
			return nil, fmt.Errorf("KABINET_SMS_URL: %w", err)
		}
		return e.SMS, nil
	case cfg.Development():
		return func(ctx context.Context, to, text, id string) error {
			log.InfoContext(ctx, "SMS", "to", to, "text", text, "id", id)
			return nil
		}, nil
	}
	return nil, nil
}

// newDesk makes what staff does for people.
func (k *kabinet) newDesk() (*desk.Desk, error) {
	return desk.New(desk.Options{Store: k.store, People: k.people, SiteURL: k.cfg.PublicURL, PasswordTTL: k.cfg.Session.InitialPassword,
		Locale: k.cfg.Locale, TimeZone: k.cfg.TimeZone.String(), Log: k.log})
}

// secondFactors builds second factors and passkeys and ties them to the gate.
func (k *kabinet) secondFactors(s *store.Store, sealer *store.Sealer) (err error) {
	k.factors, err = factor.New(factor.Options{
		Store: s, People: k.people, Sealer: sealer,
		Domain: k.cfg.PasskeyDomain(), Origins: k.cfg.PasskeyOrigins(), Name: k.cfg.Passkeys.Name,
	})
	if err == nil {
		k.factors.Attach()
	}
	return err
}
