package main

import (
	"context"
	"fmt"
	"io"

	"kabinet/internal/account"
	"kabinet/internal/config"
	"kabinet/internal/fault"
	"kabinet/internal/job"
	"kabinet/internal/ledger"
	"kabinet/internal/locale"
	"kabinet/internal/order/invoice"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/viewer"
	"kabinet/internal/wallet"
)

// upgrade brings our tables and River's to this binary's version.
func upgrade(ctx context.Context, s *store.Store) error {
	if _, err := s.Migrate(ctx); err != nil {
		return err
	}
	return job.Migrate(ctx, s)
}

func migrateUp(ctx context.Context, s *store.Store, stdout io.Writer) error {
	applied, err := s.Migrate(ctx)
	for _, name := range applied {
		fmt.Fprintln(stdout, "applied", name)
	}
	if err != nil {
		return err
	}
	if err := job.Migrate(ctx, s); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d migrations applied, the database is up to date\n", len(applied))
	return nil
}

func migrateStatus(ctx context.Context, s *store.Store, stdout io.Writer) error {
	list, err := s.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	for _, m := range list {
		when := "waiting"
		if !m.AppliedAt.IsZero() {
			when = "applied " + m.AppliedAt.UTC().Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(stdout, "%-28s %s\n", when, m.Name)
	}
	return nil
}

// checkLedger proves the books; it leaves with 1 when they do not balance.
func (k *kabinet) checkLedger(ctx context.Context, stdout io.Writer) error {
	sum, err := k.books.Check(viewer.AsSystem(ctx, "check"), func(f ledger.Finding) {
		fmt.Fprintln(stdout, f)
	})
	if err != nil {
		return err
	}
	wrong, err := wallet.Check(viewer.AsSystem(ctx, "check"), k.store)
	if err != nil {
		return err
	}
	for _, w := range wrong {
		fmt.Fprintln(stdout, "BROKEN wallet:", w)
	}
	unpaid, err := invoice.Check(viewer.AsSystem(ctx, "check"), k.store)
	if err != nil {
		return err
	}
	for _, w := range unpaid {
		fmt.Fprintln(stdout, "BROKEN invoice:", w)
	}
	fmt.Fprintln(stdout, sum)
	if sum.Findings > 0 || len(wrong)+len(unpaid) > 0 {
		return config.Exit{Code: 1}
	}
	return nil
}

func (k *kabinet) createUser(ctx context.Context, c config.UserCreate, stdin io.Reader, stdout io.Writer) error {
	password, err := c.ReadPassword(stdin, stdout)
	if err != nil {
		return err
	}
	id, err := k.people.CreateUser(viewer.AsSystem(ctx, "user-create"), account.CreateUser{
		Email: c.Email, Name: c.Name, Password: password, Verified: true, Staff: c.Admin,
	})
	if f, ok := fault.As(err); ok {
		return fmt.Errorf("%s (%s)", locale.ErrorMessage(locale.English, f.Code, f.Params), f.Code)
	}
	if err != nil {
		return err
	}
	what := "customer"
	if c.Admin {
		what = "administrator"
	}
	fmt.Fprintf(stdout, "made %s %s (%s)\n", what, c.Email, scalar.ID{Prefix: "usr", UUID: id})
	return nil
}
