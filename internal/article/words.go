package article

import (
	"context"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	ent "kabinet/ent/generated"
	"kabinet/internal/store"
)

// Words of the title are kept once more behind inTitle, those of title, keywords
// and summary behind inHeads. Neither sign is a letter or a digit, so no word
// begins with one; both are past ASCII, so no index cuts them off.
const (
	inTitle = "¹"
	inHeads = "²"
)

// index keeps the words of a version that came into force.
func index(ctx context.Context, tx *store.Tx, r *ent.Article) error {
	all, heads := wordsOf(r)
	words := "?"
	if tx.Store().Dialect() == dialect.Postgres {
		words = "array_to_tsvector(string_to_array(?, ' '))"
	}
	_, err := tx.Exec(ctx, `INSERT INTO article_words (article_id, key_id, locale, audience, category_id, words, heads) VALUES (?, ?, ?, ?, ?, `+words+`, ?)`,
		r.ID, r.KeyID, r.Locale, string(r.Audience), r.CategoryID, strings.Join(all, " "), strings.Join(heads, " "))
	return err
}

// unindex takes the words of a version away.
func unindex(ctx context.Context, tx *store.Tx, id uuid.UUID) error {
	_, err := tx.Exec(ctx, `DELETE FROM article_words WHERE article_id = ?`, id)
	return err
}

// wordsOf are all words that an article is found by, and of these those of its
// title, keywords and summary alone, by which it is proposed. However many the
// body has, it crowds none of those out.
func wordsOf(r *ent.Article) (all, heads []string) {
	title := store.KeepWords(r.Title)
	headed := store.KeepWords(append(slices.Clone(r.Keywords), r.Title, r.Summary)...)
	all = slices.Clone(headed)
	for _, w := range store.KeepWords(r.Body) {
		if _, is := slices.BinarySearch(headed, w); !is && !short(w) {
			all = append(all, w)
		}
	}
	heads = append(marked(inHeads, headed), marked(inTitle, title)...)
	return append(all, heads...), heads
}

// seek are the words of a text that say something: no how and no the, unless
// there is nothing else, when they are looked for in titles and keywords.
func seek(text string) []string {
	words := store.SeekWords(text)
	some := slices.DeleteFunc(slices.Clone(words), short)
	if len(some) == 0 {
		return words
	}
	return some
}

func short(w string) bool {
	_, is := slices.BinarySearch(shorts, w)
	return is
}

// shorts are words that say nothing, by their stems, sorted.
var shorts = store.SeekWords(`
a about after again all also am an and any are as at be been before but by can cannot could did do does doing done for from had has have
having he her here him his how i if in into is it its just me more most my no not now of off on once only or other our out over own please
she so some such than that the their them then there these they this those through to too under until up us very was we were what when where
which while who whom why will with would you your yours hello hi thanks
а без более бы был была были было быть в вам вас ваш весь во вот все всего всех вы где да даже для до его ее если есть еще же за здесь и из или
им их к как какая какие какой ко когда кто ли либо мне много может можно мой моя мы на над надо нам нас наш не него нее нет ни них но ну о об
однако он она они оно от очень по под пожалуйста после потом потому почему при про раз с сам свой себя сейчас со спасибо так также такой там те
тем то того тоже той только том ты у уже хочу хотя чего чей чем что чтобы чье эта эти это этого этой этом этот я здравствуйте привет добрый день
`)
