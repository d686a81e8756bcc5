package event

import "github.com/google/uuid"

// ArticlePublished is told to the House when a version of an article comes into
// force, by hand or by the clock.
type ArticlePublished struct {
	ArticleID uuid.UUID `json:"articleId"` // the same in all versions
	Locale    string    `json:"locale"`
	Version   int       `json:"version"`
	Audience  string    `json:"audience"`
}

// Kind implements Fact.
func (ArticlePublished) Kind() string { return "article.published" }

// Subject implements Fact.
func (f ArticlePublished) Subject() (string, uuid.UUID) { return "art", f.ArticleID }
