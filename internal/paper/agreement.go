package paper

import (
	"context"
	"strconv"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect/sql"

	ent "kabinet/ent/generated"
	"kabinet/ent/generated/consent"
	"kabinet/ent/generated/consentdocument"
	"kabinet/internal/fault"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// maxText is how long a text agreed to may be on paper, in characters.
const maxText = 300_000

// ofAgreement drafts the contract that the caller made by agreeing to a text:
// the version and the language that he saw, who the sides are and when it was.
// Nobody gets another's.
func (p *Papers) ofAgreement(ctx context.Context, c *ent.Client, lang string, id scalar.ID) (*draft, error) {
	me := viewer.From(ctx).UserID
	ctx = viewer.AsSystem(ctx, "paper")
	word, err := c.Consent.Query().Where(consent.UserID(me), consent.DocumentID(id.UUID)).Order(consent.ByID(sql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return nil, p.neverAgreed(ctx, c, id)
	}
	if err != nil {
		return nil, err
	}
	if word.Decision != consent.DecisionGIVEN {
		return nil, ErrPaperNotAvailable.At("input", "subjectId").With("why", "NOT_AGREED")
	}
	t, err := c.ConsentDocument.Query().Where(consentdocument.KeyID(id.UUID), consentdocument.Version(word.Version)).Only(ctx)
	if err != nil {
		return nil, err
	}
	terms := translated(t.Texts, word.Locale, "terms", "")
	if utf8.RuneCountInString(terms) > maxText {
		return nil, ErrPaperTooLong.At("input", "subjectId").With("limit", maxText)
	}
	who, err := customerOf(ctx, c, me, lang)
	if err != nil {
		return nil, err
	}
	d := &draft{Kind: "CONTRACT", Owner: me, About: id, Sheet: Sheet{
		Locale:  lang,
		Parties: []Party{{say(lang, "role.seller"), p.Seller.lines(lang, "CONTRACT")}, {say(lang, "role.customer"), who.Lines}},
		Facts: []Fact{{say(lang, "fact.text"), translated(t.Texts, word.Locale, "name", t.Handle)},
			{say(lang, "fact.version"), strconv.FormatInt(t.Version, 10)}, {say(lang, "fact.agreedAt"), p.dateTime(lang, word.CreatedAt)}},
		Remarks: []string{say(lang, "remark.CONTRACT")},
		Page:    say(lang, "page", "page", "{page}", "pages", "{pages}"),
	}}
	if t.URL != nil {
		d.Sheet.Facts = append(d.Sheet.Facts, Fact{say(lang, "fact.url"), *t.URL})
	}
	if about := translated(t.Texts, word.Locale, "description", ""); about != "" {
		d.Sheet.Text = append(d.Sheet.Text, about)
	}
	for part := range strings.SplitSeq(terms, "\n") {
		if part = strings.TrimSpace(part); part != "" {
			d.Sheet.Text = append(d.Sheet.Text, part)
		}
	}
	return d, nil
}

// neverAgreed tells a text that is there from one that is not.
func (p *Papers) neverAgreed(ctx context.Context, c *ent.Client, id scalar.ID) error {
	there, err := c.ConsentDocument.Query().Where(consentdocument.KeyID(id.UUID)).Exist(ctx)
	switch {
	case err != nil:
		return err
	case !there:
		return fault.ErrNotFound.At("input", "subjectId")
	}
	return ErrPaperNotAvailable.At("input", "subjectId").With("why", "NOT_AGREED")
}
