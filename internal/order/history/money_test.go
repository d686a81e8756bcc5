package history_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	entorder "kabinet/ent/generated/order"
	"kabinet/ent/generated/payment"
	"kabinet/ent/generated/topup"
	"kabinet/internal/order"
	"kabinet/internal/order/history"
	"kabinet/internal/scalar"
	"kabinet/internal/store"
	"kabinet/internal/store/storetest"
)

// The shares of every report come to its totals, in two statements at most and
// one for the time zone; a stranger's report is empty.
func TestSpending(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		at := db.Clock.Now()
		s.arrived(0, 30, &s.alice, "Lamp", func(in *order.UpsertOrderInput) {
			var i int
			_, _ = fmt.Sscan(in.External.ID, &i)
			in.PlacedAt = at.AddDate(0, -i%14, 0)
			in.Channel = ptr([]entorder.Channel{entorder.ChannelONLINE, entorder.ChannelSTORE}[i%2])
			in.Shipping = ptr("1.23")
			in.Currency = []string{"GBP", "EUR", "GBP"}[i%3]
			in.Lines[0].Quantity, in.Lines[0].Discount = 3, ptr("0.01")
			if i%5 > 0 {
				in.Lines[0].Category = ptr(fmt.Sprint("c", i%5))
			}
			if i%7 == 0 {
				in.Status = ptr(entorder.StatusCANCELLED)
			}
		})
		alice := storetest.As(s.alice)
		for _, by := range []history.SpendingGroup{history.ByMonth, history.ByCategory, history.ByChannel} {
			var report *history.SpendingReport
			n, said := db.Statements(func() {
				var err error
				report, err = s.history.Spending(alice, s.alice, by, nil)
				check(t, err)
			})
			if n > 3 {
				t.Errorf("%s takes %d statements: %v", by, n, said)
			}
			if len(report.Totals) != 2 {
				t.Fatalf("%s has totals in %d currencies", by, len(report.Totals))
			}
			for _, total := range report.Totals {
				var shares int64
				for _, share := range report.Shares {
					if share.Amount.Currency == total.Amount.Currency {
						shares += share.Amount.Minor
					}
				}
				if shares != total.Amount.Minor || shares == 0 {
					t.Errorf("%s: the shares in %s are %d, the total is %d", by, total.Amount.Currency, shares, total.Amount.Minor)
				}
			}
			report, err := s.history.Spending(storetest.As(s.bob), s.alice, by, nil) // security F1
			if err != nil || len(report.Totals) != 0 || len(report.Shares) != 0 {
				t.Errorf("bob sees %v of alice: %v", report, err)
			}
		}
	})
}

// paid are payments and top-ups of alice at few moments, so that ids break ties.
func (s *shelf) paid() (wallet uuid.UUID) {
	s.t.Helper()
	s.arrived(1, 1, &s.alice, "Lamp", nil)
	wallet = uuid.Must(uuid.NewV7())
	check(s.t, s.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
		for i := range 12 {
			err := tx.Payment.Create().SetOwnerID(s.alice).SetKind(payment.KindPAYMENT).SetStatus(payment.StatusSUCCEEDED).
				SetCurrency("GBP").SetAmountMinor(int64(i + 1)).SetMethod("CARD").SetOccurredAt(tx.Now.Add(time.Duration(i/4) * time.Second)).Exec(ctx)
			if err != nil {
				return err
			}
		}
		return nil
	}))
	for i := range 3 {
		check(s.t, s.db.InTx(storetest.System(), func(ctx context.Context, tx *store.Tx) error {
			for _, state := range []topup.Status{topup.StatusPENDING, topup.StatusFAILED, topup.StatusEXPIRED} {
				err := tx.TopUp.Create().SetOwnerID(s.alice).SetAccountID(wallet).SetMethod(topup.MethodPROVIDER).SetStatus(state).
					SetCurrency("GBP").SetAmountMinor(int64(100 + i)).Exec(ctx)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		s.db.Clock.Add(time.Second)
	}
	return wallet
}

// Pages of any size, from either end, give the same list once.
func TestPaymentsPages(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		s.paid()
		alice := storetest.As(s.alice)
		whole, err := s.history.Payments(alice, s.alice, nil, history.Page{First: ptr(100)})
		check(t, err)
		if len(whole.Edges) != 21 || whole.TotalCount != 21 || whole.PageInfo.HasNextPage {
			t.Fatalf("the list has %d of %d payments", len(whole.Edges), whole.TotalCount)
		}
		all := ids(whole)
		for _, n := range []int{1, 2, 5, 20, 21} {
			var forward, back []scalar.ID
			for p := (history.Page{First: &n}); ; {
				page, err := s.history.Payments(alice, s.alice, nil, p)
				check(t, err)
				forward = append(forward, ids(page)...)
				if !page.PageInfo.HasNextPage {
					break
				}
				p.After = page.PageInfo.EndCursor
			}
			for p := (history.Page{Last: &n}); ; {
				page, err := s.history.Payments(alice, s.alice, nil, p)
				check(t, err)
				back = append(ids(page), back...)
				if !page.PageInfo.HasPreviousPage {
					break
				}
				p.Before = page.PageInfo.StartCursor
			}
			if !slices.Equal(forward, all) || !slices.Equal(back, all) {
				t.Errorf("pages of %d: %d forward, %d back, want %d", n, len(forward), len(back), len(all))
			}
		}
		stranger, err := s.history.Payments(storetest.As(s.bob), s.alice, nil, history.Page{}) // security F1
		if err != nil || len(stranger.Edges) != 0 || stranger.TotalCount != 0 {
			t.Errorf("bob sees %d payments of alice: %v", stranger.TotalCount, err)
		}
	})
}

func TestPaymentsFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *storetest.DB) {
		s := newShelf(t, db)
		begin := db.Clock.Now()
		s.paid()
		for want, f := range map[int]history.PaymentRecordFilter{
			12: {Kinds: []history.PaymentRecordKind{history.RecordPayment}},
			9:  {Kinds: []history.PaymentRecordKind{history.RecordTopUp, history.RecordRefund}},
			3:  {Status: []payment.Status{payment.StatusVOID}},
			15: {Status: []payment.Status{payment.StatusSUCCEEDED, payment.StatusPENDING}},
			14: {From: ptr(begin.Add(time.Second))},
			7:  {Before: ptr(begin.Add(time.Second))},
			0:  {Kinds: []history.PaymentRecordKind{}},
		} {
			got, err := s.history.Payments(storetest.As(s.alice), s.alice, &f, history.Page{})
			if err != nil || len(got.Edges) != want || got.TotalCount != want {
				t.Errorf("%+v finds %d of %d, want %d: %v", f, len(got.Edges), got.TotalCount, want, err)
			}
		}
		for _, p := range []history.Page{{First: ptr(0)}, {Last: ptr(101)}, {First: ptr(1), Last: ptr(1)}} {
			if _, err := s.history.Payments(storetest.As(s.alice), s.alice, nil, p); code(err) != "INVALID_REQUEST " {
				t.Errorf("a page %v: %s", p, code(err))
			}
		}
		bad := &scalar.Cursor{ID: s.alice, Value: "x"}
		if _, err := s.history.Payments(storetest.As(s.alice), s.alice, nil, history.Page{After: bad}); err == nil {
			t.Error("a cursor of a text is taken")
		}
	})
}

func ids(c *history.PaymentRecordConnection) (all []scalar.ID) {
	for _, e := range c.Edges {
		all = append(all, e.Node.ID)
	}
	return all
}
