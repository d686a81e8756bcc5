package paper

import (
	"context"
	"strings"

	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/ledgeraccount"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/viewer"
)

// want is a paper that is asked for, its input checked.
type want struct {
	in    GenerateDocumentInput
	table string    // whose row is held while it is issued …
	row   uuid.UUID // … and which
	draft func(ctx context.Context, c *ent.Client) (*draft, error)
	// settle brings up to date what it is about, outside a transaction.
	settle func(ctx context.Context) error
}

// wanted checks what is asked for. Faults: as of Generate.
func (p *Papers) wanted(ctx context.Context, in GenerateDocumentInput) (*want, error) {
	kind := in.Kind.String()
	if series[kind] == "" {
		return nil, fault.ErrInvalidValue.At("input", "kind")
	}
	lang, err := languageOf(ctx, in.Locale)
	if err != nil {
		return nil, err
	}
	w := &want{in: in, row: in.SubjectID.UUID, settle: func(context.Context) error { return nil }}
	switch kind {
	case "STATEMENT":
		err = p.wantStatement(w, lang)
	case "CERTIFICATE":
		err = p.wantCertificate(w, lang)
	case "CONTRACT":
		err = w.about("users", "cdo")
		w.row = viewer.From(ctx).UserID
		w.draft = func(ctx context.Context, c *ent.Client) (*draft, error) {
			return p.ofAgreement(ctx, c, lang, in.SubjectID)
		}
	default:
		err = w.about("orders", "order")
		w.draft = func(ctx context.Context, c *ent.Client) (*draft, error) {
			return p.ofOrder(ctx, c, kind, lang, in.SubjectID)
		}
	}
	if err == nil && in.Period != nil && kind != "STATEMENT" && kind != "CERTIFICATE" {
		err = fault.ErrInvalidValue.At("input", "period")
	}
	if err == nil {
		err = p.Seller.check(kind)
	}
	return w, err
}

// about takes a subject of one of the kinds.
func (w *want) about(table string, prefixes ...string) error {
	w.table = table
	for _, prefix := range prefixes {
		if w.in.SubjectID.Prefix == prefix {
			return nil
		}
	}
	return fault.ErrInvalidID.At("input", "subjectId")
}

func (p *Papers) wantStatement(w *want, lang string) error {
	if w.in.Period == nil {
		return fault.ErrRequired.At("input", "period")
	}
	s, err := periodOf(*w.in.Period, p.Store.Now(), p.zone(), true)
	if err != nil {
		return err
	}
	id := w.in.SubjectID
	switch id.Prefix {
	case "acc":
		w.settle = p.settled(w)
		w.draft = func(ctx context.Context, c *ent.Client) (*draft, error) { return p.ofEntries(ctx, c, lang, id, s) }
		return w.about("ledger_accounts", "acc")
	case "com":
		w.table = "companies"
	default:
		w.table = "users"
	}
	w.draft = func(ctx context.Context, c *ent.Client) (*draft, error) { return p.ofOrders(ctx, c, lang, id, s) }
	return w.about(w.table, "usr", "com")
}

func (p *Papers) wantCertificate(w *want, lang string) error {
	now := p.Store.Now()
	period := DocumentPeriodInput{To: now.In(p.zone()).Format(day)}
	if w.in.Period != nil {
		period = *w.in.Period
	}
	if period.From != nil && *period.From != period.To {
		return fault.ErrInvalidValue.At("input", "period", "from")
	}
	period.From = nil
	s, err := periodOf(period, now, p.zone(), false)
	if err != nil {
		return err
	}
	id := w.in.SubjectID
	w.settle = p.settled(w)
	w.draft = func(ctx context.Context, c *ent.Client) (*draft, error) { return p.ofBalance(ctx, c, lang, id, s, now) }
	return w.about("ledger_accounts", "acc")
}

// settled brings the bonus account up to date that a paper is about, once it is
// sure that the caller may read it.
func (p *Papers) settled(w *want) func(context.Context) error {
	return func(ctx context.Context) error {
		a, err := account(ctx, p.Store.Client, w.in.SubjectID)
		if err != nil || a.Kind != ledgeraccount.KindBONUS || p.Settle == nil {
			return notFound(err)
		}
		return p.Settle(ctx, a)
	}
}

// languageOf is the language of a paper: the one asked for, or the caller's.
func languageOf(ctx context.Context, said *string) (string, error) {
	if said == nil {
		return locale.Match(viewer.From(ctx).Locale), nil
	}
	lang := locale.Match(*said)
	if base, _, _ := strings.Cut(*said, "-"); strings.ToLower(base) != lang {
		return "", fault.ErrInvalidValue.At("input", "locale").With("allowed", locale.Supported())
	}
	return lang, nil
}
