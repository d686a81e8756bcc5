package bot

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"kabinet/internal/locale"
)

// Found is an article that was found.
type Found struct {
	ID      uuid.UUID
	Title   string
	Summary string
}

// Find looks for articles that the viewer of ctx may read, the best first.
type Find func(ctx context.Context, text, lang string, limit int) ([]Found, error)

// offeredAtOnce is how many articles the built-in bot offers in one answer.
const offeredAtOnce = 3

// FromArticles is the built-in bot: it offers the articles that fit what the
// customer wrote, and hands over where it finds none that it has not offered.
func FromArticles(find Find) func(ctx context.Context, q Question) (Answer, error) {
	return func(ctx context.Context, q Question) (Answer, error) {
		all, err := find(ctx, asked(q), q.Locale, offeredAtOnce+len(q.Offered))
		if err != nil {
			return Answer{}, err
		}
		all = slices.DeleteFunc(all, func(a Found) bool { return slices.Contains(q.Offered, a.ID) })
		if len(all) == 0 {
			return Answer{Action: ActionNothing}, nil
		}
		all = all[:min(len(all), offeredAtOnce)]
		return Answer{Action: ActionAnswer, Text: offer(q.Locale, all), Articles: keys(all)}, nil
	}
}

// asked is what to look for: the subject with the first message, later what the
// customer wrote last.
func asked(q Question) string {
	last := q.Messages[len(q.Messages)-1].Body
	if q.Turn == 1 {
		return q.Subject + "\n" + last
	}
	return last
}

func keys(all []Found) []uuid.UUID {
	ids := make([]uuid.UUID, len(all))
	for i, a := range all {
		ids[i] = a.ID
	}
	return ids
}

// offer is the built-in bot's answer in words.
func offer(lang string, all []Found) string {
	var text strings.Builder
	text.WriteString(locale.Text(lang, "support.bot.offer", map[string]any{"count": len(all)}))
	for _, a := range all {
		text.WriteString("\n\n" + short(a.Title, 200))
		if a.Summary != "" {
			text.WriteString("\n" + short(a.Summary, 400))
		}
	}
	return text.String() + "\n\n" + locale.Text(lang, "support.bot.helped", nil)
}

// short is one line of a text, cut at so many characters.
func short(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return strings.TrimRight(string(r[:limit-1]), " ") + "…"
	}
	return s
}
