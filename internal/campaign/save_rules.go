package campaign

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	entcampaign "kabinet/ent/generated/campaign"
	"kabinet/ent/schema"
	"kabinet/internal/fault"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
)

// Bounds of a campaign.
const (
	maxPrizeKinds = 20
	maxPrizes     = 1000
	maxQuestions  = 50
	maxOptions    = 50
	maxPhotos     = 5
	maxCodes      = 100_000_000
)

var handleRule = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func checkHandle(s string, path ...string) error {
	switch {
	case s == "":
		return fault.ErrRequired.At(path...)
	case len(s) > 64:
		return fault.ErrTooLong.At(path...).With("limit", 64)
	case !handleRule.MatchString(s):
		return fault.ErrInvalidValue.At(path...)
	}
	return nil
}

func checkTexts(in []*scalar.Translation, path ...string) (map[string]map[string]string, error) {
	values := make([]scalar.Translation, len(in))
	for i, t := range in {
		values[i] = *t
	}
	texts, bad := scalar.Texts(values, locale.Supported(), path...)
	if bad != nil {
		return nil, badText(bad)
	}
	return texts, nil
}

func inRange[T int | int64](n *T, least, most T, path ...string) (T, error) {
	if n == nil {
		return 0, nil
	}
	if *n < least || *n > most {
		return 0, fault.ErrOutOfRange.At(path...).With("min", least).With("max", most)
	}
	return *n, nil
}

// readEntryRules puts an input into rules. Faults at input.entryRules.
func readEntryRules(r *schema.CampaignRules, kind entcampaign.Kind, in *CampaignEntryRulesInput) (err error) {
	at := func(field string) []string { return []string{"input", "entryRules", field} }
	codes := (*int64)(nil)
	if in.Codes != nil {
		n := int64(*in.Codes)
		codes = &n
	}
	for _, step := range []func() error{
		func() (err error) { r.PerPerson, err = inRange(in.PerPerson, 1, 10_000, at("perPerson")...); return },
		func() (err error) { r.PerDay, err = inRange(in.PerDay, 1, 1000, at("perDay")...); return },
		func() (err error) { r.Points, err = inRange(in.Points, 0, scalar.MaxPoints, at("points")...); return },
		func() (err error) { r.MaxPhotos, err = inRange(in.MaxPhotos, 0, maxPhotos, at("maxPhotos")...); return },
		func() (err error) { r.MinPhotos, err = inRange(in.MinPhotos, 0, maxPhotos, at("minPhotos")...); return },
		func() (err error) { r.Codes, err = inRange(codes, 1, maxCodes, at("codes")...); return },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	r.AutoApprove = in.AutoApprove != nil && *in.AutoApprove
	r.ManyPrizes = in.ManyPrizes != nil && *in.ManyPrizes
	if kind == entcampaign.KindCONTEST {
		r.MinPhotos = max(r.MinPhotos, 1)
	}
	r.MaxPhotos = max(r.MaxPhotos, r.MinPhotos)
	if kind == entcampaign.KindSURVEY && r.PerPerson == 0 {
		r.PerPerson = 1
	}
	if r.ProgramID, err = programOf(in.ProgramID, at("programId")...); err != nil {
		return err
	}
	r.MinMinor, r.Currency, r.ReceiptFrom, r.Entropy = 0, "", in.ReceiptFrom, ""
	if in.MinReceipt != nil {
		m, err := in.MinReceipt.Money()
		if err != nil || m.Minor < 0 {
			return fault.ErrInvalidValue.At(at("minReceipt")...)
		}
		r.MinMinor, r.Currency = m.Minor, m.Currency
	}
	if in.EntropySource != nil {
		r.Entropy, err = cleanText(*in.EntropySource, 500, at("entropySource")...)
	}
	return err
}

func programOf(id *scalar.ID, path ...string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	key, err := keyOf(*id, "prog", path...)
	return &key, err
}

// readPrizes gives prizes as they are kept. Faults at input.prizes.
func readPrizes(in []*CampaignPrizeInput) ([]schema.CampaignPrize, error) {
	if len(in) > maxPrizeKinds {
		return nil, fault.ErrTooLong.At("input", "prizes").With("limit", maxPrizeKinds)
	}
	out, total := []schema.CampaignPrize{}, 0
	for i, p := range in {
		at := func(field string) []string { return []string{"input", "prizes", strconv.Itoa(i), field} }
		texts, err := checkTexts(p.Texts, at("texts")...)
		if err != nil {
			return nil, err
		}
		if total += p.Count; p.Count < 1 || total > maxPrizes || p.Count > maxPrizes {
			return nil, fault.ErrOutOfRange.At(at("count")...).With("min", 1).With("max", maxPrizes)
		}
		points, err := inRange(p.Points, 0, scalar.MaxPoints, at("points")...)
		if err != nil {
			return nil, err
		}
		code := ""
		if p.Code != nil {
			if code, err = cleanText(*p.Code, 100, at("code")...); err != nil {
				return nil, err
			}
		}
		out = append(out, schema.CampaignPrize{Texts: texts, Count: p.Count, Points: points, Code: code})
	}
	return out, nil
}

// readQuestions gives questions as they are kept. Faults at input.questions.
func readQuestions(in []*CampaignQuestionInput) ([]schema.CampaignQuestion, error) {
	if len(in) > maxQuestions {
		return nil, fault.ErrTooLong.At("input", "questions").With("limit", maxQuestions)
	}
	out, seen := []schema.CampaignQuestion{}, map[string]bool{}
	for i, q := range in {
		at := []string{"input", "questions", strconv.Itoa(i)}
		kept, err := readQuestion(q, at)
		if err != nil {
			return nil, err
		}
		if seen[q.Key] {
			return nil, ErrDuplicateKey.At("input", "questions", strconv.Itoa(i), "key")
		}
		seen[q.Key] = true
		out = append(out, kept)
	}
	return out, nil
}

func readQuestion(q *CampaignQuestionInput, at []string) (kept schema.CampaignQuestion, err error) {
	below := func(names ...string) []string { return append(append([]string{}, at...), names...) }
	if err = checkHandle(q.Key, below("key")...); err != nil {
		return kept, err
	}
	kept = schema.CampaignQuestion{ID: q.Key, Kind: string(q.Kind), Required: q.Required == nil || *q.Required, Min: q.Min, Max: q.Max}
	if kept.Texts, err = checkTexts(q.Texts, below("texts")...); err != nil {
		return kept, err
	}
	choice := q.Kind == QuestionSingle || q.Kind == QuestionMultiple
	switch {
	case q.Min != nil && q.Max != nil && *q.Min > *q.Max:
		return kept, fault.ErrOutOfRange.At(below("max")...).With("min", *q.Min)
	case q.Kind == QuestionText && q.Max != nil && (*q.Max < 1 || *q.Max > maxAnswer):
		return kept, fault.ErrOutOfRange.At(below("max")...).With("min", 1).With("max", maxAnswer)
	case choice && len(q.Options) == 0:
		return kept, fault.ErrRequired.At(below("options")...)
	case !choice && len(q.Options) > 0:
		return kept, fault.ErrInvalidValue.At(below("options")...)
	case len(q.Options) > maxOptions:
		return kept, fault.ErrTooLong.At(below("options")...).With("limit", maxOptions)
	}
	seen := map[string]bool{}
	for j, o := range q.Options {
		n := strconv.Itoa(j)
		if err = checkHandle(o.Key, below("options", n, "key")...); err != nil {
			return kept, err
		}
		if seen[o.Key] {
			return kept, ErrDuplicateKey.At(below("options", n, "key")...)
		}
		seen[o.Key] = true
		texts, err := checkTexts(o.Texts, below("options", n, "texts")...)
		if err != nil {
			return kept, err
		}
		kept.Options = append(kept.Options, schema.CampaignOption{ID: o.Key, Texts: texts})
	}
	return kept, nil
}

// readAchievement puts what an achievement asks for into rules. Faults at
// input.achievement; RULE_INVALID.
func readAchievement(r *schema.CampaignRules, kind entcampaign.Kind, in *CampaignAchievementInput) (err error) {
	at := func(field string) []string { return []string{"input", "achievement", field} }
	a := &schema.CampaignAchievement{Progress: in.ProgressRule, Target: in.Target, Period: string(PeriodCampaign), Repeats: in.Repeats != nil && *in.Repeats}
	e, err := env()
	if err != nil {
		return err
	}
	if _, err := e.Compile(in.ProgressRule, "int"); err != nil {
		return under(err, at("progressRule")...)
	}
	if in.Condition != nil && *in.Condition != "" {
		a.Condition = *in.Condition
		if _, err := e.Compile(a.Condition, "bool"); err != nil {
			return under(err, at("condition")...)
		}
	}
	if _, err := inRange(&in.Target, 1, scalar.MaxPoints, at("target")...); err != nil {
		return err
	}
	if a.Unit, err = cleanText(in.Unit, 30, at("unit")...); err != nil {
		return err
	}
	if a.Unit == "" {
		return fault.ErrRequired.At(at("unit")...)
	}
	if in.Period != nil && kind == entcampaign.KindACHIEVEMENT {
		a.Period = string(*in.Period)
	}
	r.Currency = ""
	if in.Currency != nil {
		r.Currency = *in.Currency
	} else if len(a.Unit) == 3 && a.Unit == strings.ToUpper(a.Unit) {
		r.Currency = a.Unit
	}
	if r.Points, err = inRange(in.Points, 0, scalar.MaxPoints, at("points")...); err != nil {
		return err
	}
	r.ProgramID, err = programOf(in.ProgramID, at("programId")...)
	r.Achievement = a
	return err
}

// checkWhole judges a campaign as it will be kept. Faults at input.
func checkWhole(kind entcampaign.Kind, r schema.CampaignRules, starts, ends *time.Time) error {
	counts := kind == entcampaign.KindACHIEVEMENT || kind == entcampaign.KindCHALLENGE
	switch {
	case starts != nil && ends != nil && !ends.After(*starts):
		return fault.ErrOutOfRange.At("input", "endsAt")
	case counts && r.Achievement == nil:
		return fault.ErrRequired.At("input", "achievement")
	case !counts && r.Achievement != nil:
		return fault.ErrInvalidValue.At("input", "achievement")
	case kind == entcampaign.KindCHALLENGE && ends == nil, draws(kind, r) && ends == nil:
		return fault.ErrRequired.At("input", "endsAt")
	case kind == entcampaign.KindRAFFLE && len(r.Prizes) == 0:
		return fault.ErrRequired.At("input", "prizes")
	case counts && len(r.Prizes) > 0:
		return fault.ErrInvalidValue.At("input", "prizes")
	case kind == entcampaign.KindSURVEY && len(r.Questions) == 0:
		return fault.ErrRequired.At("input", "questions")
	case kind == entcampaign.KindCODE && r.Codes == 0:
		return fault.ErrRequired.At("input", "entryRules", "codes")
	case kind != entcampaign.KindCODE && r.Codes > 0:
		return fault.ErrInvalidValue.At("input", "entryRules", "codes")
	}
	return nil
}

// draws says whether a campaign's winners are drawn by lot.
func draws(kind entcampaign.Kind, r schema.CampaignRules) bool {
	return enterable(kind) && kind != entcampaign.KindCONTEST && len(r.Prizes) > 0
}

// under puts a path before that of a fault.
func under(err error, path ...string) error {
	if f, ok := fault.As(err); ok {
		return f.At(append(path, f.Path...)...)
	}
	return err
}
