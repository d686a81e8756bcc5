package broadcast

import (
	"context"
	"time"

	ent "kabinet/ent/generated"
	"kabinet/internal/locale"
	"kabinet/internal/scalar"
	"kabinet/internal/viewer"
)

// TitleOf is the headline of an announcement in the caller's language.
func TitleOf(ctx context.Context, a *ent.Announcement) string {
	title, _, _ := spoken(a.Texts, languageOf(ctx))
	return title
}

// BodyOf is its text.
func BodyOf(ctx context.Context, a *ent.Announcement) string {
	_, body, _ := spoken(a.Texts, languageOf(ctx))
	return body
}

func languageOf(ctx context.Context) string {
	if lang := viewer.From(ctx).Locale; lang != "" {
		return lang
	}
	return locale.Default
}

// ReadAt is when the caller read an announcement; nil where he did not.
func (b *Broadcasts) ReadAt(ctx context.Context, a *ent.Announcement) (*time.Time, error) {
	m, err := b.markOf(ctx, a)
	if m == nil || err != nil {
		return nil, err
	}
	return m.ReadAt, nil
}

// DismissedAt is when the caller put it away; nil where he did not.
func (b *Broadcasts) DismissedAt(ctx context.Context, a *ent.Announcement) (*time.Time, error) {
	m, err := b.markOf(ctx, a)
	if m == nil || err != nil {
		return nil, err
	}
	return m.DismissedAt, nil
}

func (b *Broadcasts) markOf(ctx context.Context, a *ent.Announcement) (*ent.AnnouncementMark, error) {
	v := viewer.From(ctx)
	if !v.SignedIn() {
		return nil, nil
	}
	return b.marks.Load(ctx, a.ID, b.marksOf)
}

// For those who make announcements alone.

// StatusFor is how an announcement stands.
func (b *Broadcasts) StatusFor(ctx context.Context, a *ent.Announcement) *AnnouncementStatus {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	s := StatusOf(a, b.Store.Now())
	return &s
}

// TranslationsFor are its texts in all languages.
func TranslationsFor(ctx context.Context, a *ent.Announcement) []*BroadcastText {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	return ShowTexts(a.Texts)
}

// ToldAtFor is when the stream was told last.
func ToldAtFor(ctx context.Context, a *ent.Announcement) *time.Time {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	return a.ToldAt
}

// WithdrawnAtFor is when it was withdrawn.
func WithdrawnAtFor(ctx context.Context, a *ent.Announcement) *time.Time {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	return a.WithdrawnAt
}

// SavedByFor is who saved it last.
func SavedByFor(ctx context.Context, a *ent.Announcement) *scalar.ID {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	return idOrNil("usr", a.SavedByID)
}

// RevisionFor is what a change gives back.
func RevisionFor(ctx context.Context, a *ent.Announcement) *int {
	if !isStaff(viewer.From(ctx), "read") {
		return nil
	}
	n := int(a.Revision)
	return &n
}

// ChannelsOf are those that a broadcast is narrowed to.
func ChannelsOf(one *ent.Broadcast) []Channel {
	all := make([]Channel, len(one.Channels))
	for i, c := range one.Channels {
		all[i] = Channel(c)
	}
	return all
}
